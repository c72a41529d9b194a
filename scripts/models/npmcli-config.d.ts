// npm's own configuration reader has no types of its own; these are the parts that npm-client.ts uses.
declare module '@npmcli/config' {
  export default class Config {
    constructor(options: {
      npmPath: string;
      definitions: object;
      shorthands: object;
      flatten: object;
      nerfDarts: readonly string[];
      argv: readonly string[];
      cwd: string;
      env: Record<string, string | undefined>;
    });
    load(): Promise<void>;
    /** The settings by the names that npm's libraries take. */
    readonly flat: Readonly<Record<string, unknown>>;
  }
}

declare module '@npmcli/config/lib/definitions/index.js' {
  const definitions: { definitions: object; shorthands: object; flatten: object; nerfDarts: readonly string[] };
  export default definitions;
}
