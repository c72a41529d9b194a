/** What messages/ needs of a log; pino's loggers have this shape. Passwords and payloads never reach it. */
export interface Log {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
