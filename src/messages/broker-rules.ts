import { HOME_ASSISTANT_STATUS } from './home-assistant.js';
import { topicsOf } from './topics.js';

/**
 * Why a local program other than the door itself may not publish this on the broker inside the process, or undefined where
 * it may: it may ask (`request/...`), but neither speak for the door nor leave a request behind.
 */
export function publishRefusal(door: string, topic: string, retained: boolean): string | undefined {
  // It may be retained, as a program's own birth message.
  if (topic === HOME_ASSISTANT_STATUS) return undefined;
  const topics = topicsOf(door);
  if (topics.commandOf(topic) === undefined && topic !== topics.homeAssistantLock) {
    return `only the door itself publishes on ${topic}`;
  }
  return retained ? `a retained message on ${topic} would act again at every start` : undefined;
}

/** Whether the address of a connection is this machine's own. */
export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address);
}
