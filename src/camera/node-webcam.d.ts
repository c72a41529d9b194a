// node-webcam 0.8 comes without types. Only what webcam-shot.ts uses.
declare module 'node-webcam' {
  interface WebcamOptions {
    readonly width: number;
    readonly height: number;
    readonly device: string;
    readonly output: 'jpeg' | 'png';
    readonly quality: number;
    readonly callbackReturn: 'location';
    readonly saveShots: boolean;
  }

  interface Webcam {
    /** The beginning of the shell line. */
    bin: string;
    capture(location: string, callback: (error: Error | null, location?: string) => void): void;
  }

  const nodeWebcam: { create(options: WebcamOptions): Webcam };
  export default nodeWebcam;
}
