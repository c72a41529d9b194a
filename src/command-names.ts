/** What may be asked of a door over MQTT; each key in the configuration names those that it may give. */
export const COMMAND_NAMES = [
  'unlock',
  'lock',
  'lockdown',
  'resume',
  'enroll',
  'enroll-capture',
  'remove',
  'list',
  'verify',
  'snapshot',
  'backup',
  'restore',
] as const;

export type CommandName = (typeof COMMAND_NAMES)[number];
