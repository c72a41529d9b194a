import 'pacote';

// Exported by pacote, and missing from its published types.
declare module 'pacote' {
  export class RemoteFetcher {
    constructor(url: string, options: object);
    /** The URL that is asked, after replace-registry-host. */
    readonly resolved: string;
  }
}
