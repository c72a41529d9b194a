/** The topics of one door (docs/mqtt.md). */
export interface Topics {
  readonly availability: string;
  readonly state: string;
  readonly event: string;
  readonly health: string;
  readonly snapshot: string;
  /** Where Home Assistant, which cannot sign, says LOCK or UNLOCK. */
  readonly homeAssistantLock: string;
  /** Every command's request: the filter that the door subscribes to. */
  readonly requests: string;
  request(command: string): string;
  response(command: string): string;
  /** The command in a request's topic, or undefined where the topic is another. */
  commandOf(topic: string): string | undefined;
}

/** The topics under `facelatch/<door>/`; `door` is 1 to 64 characters of a-z, 0-9 and "-" (the configuration checks it). */
export function topicsOf(door: string): Topics {
  const base = `facelatch/${door}`;
  const request = `${base}/request/`;
  return {
    availability: `${base}/availability`,
    state: `${base}/state`,
    event: `${base}/event`,
    health: `${base}/health`,
    snapshot: `${base}/snapshot`,
    homeAssistantLock: `${base}/home-assistant/lock`,
    requests: `${request}+`,
    request: (command) => request + command,
    response: (command) => `${base}/response/${command}`,
    commandOf(topic) {
      if (!topic.startsWith(request)) return undefined;
      const command = topic.slice(request.length);
      return command === '' || command.includes('/') ? undefined : command;
    },
  };
}
