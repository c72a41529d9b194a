/**
 * Every error of facelatch in one table: its code, the exit status that a script sees, and a message that says what was
 * expected and what was received.
 *
 * Exit statuses: 0 done or granted, 1 denied, 2 wrong use of the command line, 3 unusable input (a photograph, a name),
 * 4 configuration, 5 people file, 6 models or inference, 7 camera, door hardware or broker, 70 a defect of facelatch.
 */
const table = {
  USAGE: { exit: 2, text: (d: { problem: string }) => d.problem },

  CONFIG_NOT_FOUND: {
    exit: 4,
    text: (d: { path: string }) => `expected a configuration file at ${d.path}, found none`,
  },
  CONFIG_INVALID: {
    exit: 4,
    text: (d: { path: string; problems: readonly string[] }) => `${d.path}: ${d.problems.join('; ')}`,
  },

  SECRET_UNREADABLE: {
    exit: 4,
    text: (d: { setting: string; path: string; reason: string }) =>
      `expected a readable file for ${d.setting} at ${d.path}, received: ${d.reason}`,
  },

  KEY_FILE: {
    exit: 3,
    text: (d: { path: string; reason: string }) =>
      `expected a command key at ${d.path} (facelatch keys new), received: ${d.reason}`,
  },
  COMMAND_REFUSED: {
    exit: 1,
    text: (d: { command: string; door: string; code: string; message: string }) =>
      `expected ${d.door} to obey ${d.command}, received ${d.code}: ${d.message}`,
  },
  ANSWER_UNKNOWN: {
    exit: 70,
    text: (d: { command: string; door: string }) =>
      `expected an answer to ${d.command} as this version of facelatch knows it, received another one from ${d.door}`,
  },
  FILE_UNWRITABLE: {
    exit: 3,
    text: (d: { path: string; reason: string }) => `expected to write a new file at ${d.path}, received: ${d.reason}`,
  },
  PRECOMPILE_FAILED: {
    exit: 3,
    text: (d: { path: string; reason: string }) => `expected to keep the compiled program at ${d.path}, received: ${d.reason}`,
  },
  COMMAND_UNANSWERED: {
    exit: 7,
    text: (d: { command: string; door: string; afterMs: number; reason: string }) =>
      `expected an answer of ${d.door} to ${d.command} within ${d.afterMs} ms, received: ${d.reason}`,
  },

  DOOR_REFUSED: {
    exit: 1,
    text: (d: { refused: string }) => `expected a door that may be opened now, received: ${d.refused}`,
  },
  CLAIM_REFUSED: {
    exit: 1,
    text: (d: { mode: string }) =>
      `expected a door that takes a claim from a command, received one whose access.mode is ${d.mode}: only a card claims an identity there`,
  },
  CAMERA_SILENT: {
    exit: 7,
    text: (d: { afterMs: number }) => `expected a frame of the camera within ${d.afterMs} ms, received none`,
  },
  CAPTURE_BUSY: {
    exit: 7,
    text: (_: object) => 'expected to have the camera, but somebody else is being enrolled before it',
  },
  CAPTURE_UNFINISHED: {
    exit: 3,
    text: (d: { name: string; done: number; of: number; reason: string }) =>
      `expected ${d.of} looks of ${d.name}, received ${d.done}: ${d.reason}; nobody was enrolled`,
  },
  BACKUP_KEY_MISSING: {
    exit: 4,
    text: (_: object) =>
      'expected a key of the people file (people.keyFile, keyCredential or passphraseFile) to seal the backup with, none is configured; "facelatch people backup" on the machine takes a key of its own',
  },
  BACKUP_TOO_LARGE: {
    exit: 5,
    text: (d: { bytes: number; most: number }) =>
      `expected a backup of at most ${d.most} bytes, which a broker carries, received ${d.bytes}; "facelatch people backup" on the machine writes it`,
  },

  PHOTO_NOT_FOUND: { exit: 3, text: (d: { path: string }) => `expected a photograph at ${d.path}, found no readable file` },
  PHOTO_UNREADABLE: {
    exit: 3,
    text: (d: { source: string; reason: string }) =>
      `expected a whole JPEG, PNG, WebP or TIFF picture, received one that cannot be decoded: ${d.source} (${d.reason})`,
  },
  PHOTO_TOO_LARGE: {
    exit: 3,
    text: (d: { source: string; pixels: number | undefined; maxPixels: number }) =>
      `expected a picture of at most ${d.maxPixels} pixels, received ${d.pixels ?? 'more'}: ${d.source}`,
  },
  NO_FACE: { exit: 3, text: (d: { source: string }) => `expected one face, found none: ${d.source}` },
  SEVERAL_FACES: {
    exit: 3,
    text: (d: { source: string; count: number }) =>
      `expected one face, found ${d.count}: ${d.source}; crop the picture to the person`,
  },
  FACE_REJECTED: {
    exit: 3,
    text: (d: { source: string; reason: string; prompt: string }) =>
      `expected a face that can be told from others, received one that is ${d.reason.replaceAll('_', ' ')} (${d.prompt.toLowerCase()}): ${d.source}`,
  },

  PERSON_UNKNOWN: {
    exit: 3,
    text: (d: { name: string; nearest: string | undefined }) =>
      `expected the name or id of an enrolled person, received "${d.name}"${d.nearest === undefined ? '' : `; did you mean "${d.nearest}"?`}`,
  },
  PERSON_NAME_INVALID: {
    exit: 3,
    text: (d: { name: string; reason: string }) => `expected a person's name, received ${JSON.stringify(d.name)}: ${d.reason}`,
  },
  PERSON_NAME_TAKEN: {
    exit: 3,
    text: (d: { name: string }) => `expected a name that nobody else has, received "${d.name}"`,
  },
  PERSON_CARD_TAKEN: {
    exit: 3,
    text: (d: { card: string; name: string }) => `expected a card that nobody else has, received "${d.card}" of ${d.name}`,
  },
  PERSON_FIELD_INVALID: {
    exit: 3,
    text: (d: { problems: readonly string[] }) => `expected a valid person, received: ${d.problems.join('; ')}`,
  },

  ENROLL_AGAIN: {
    exit: 3,
    text: (d: { name: string; encoder: string }) =>
      `expected templates of the encoder "${d.encoder}" for ${d.name}, found only another encoder's; enroll ${d.name} again`,
  },
  FACE_TAKEN: {
    exit: 3,
    text: (d: { source: string; name: string; distance: number }) =>
      `expected a face that nobody else has, received one at distance ${d.distance.toFixed(3)} from ${d.name}: ${d.source}; --force enrolls it all the same`,
  },
  FACE_DIFFERS: {
    exit: 3,
    text: (d: { source: string; distance: number }) =>
      `expected the face of the person's other photographs (a distance below 0.7), received one at ${d.distance.toFixed(3)}: ${d.source}; --force enrolls it all the same`,
  },

  PEOPLE_FILE_MISSING: {
    exit: 5,
    text: (d: { path: string }) =>
      `expected a people file at ${d.path}, found none; it is created by enrolling the first person (facelatch enroll) or by "facelatch people init"`,
  },
  PEOPLE_FILE_CORRUPT: {
    exit: 5,
    text: (d: { path: string; reason: string; wayOut: string }) =>
      `expected an intact people file at ${d.path}, received a damaged one (${d.reason}); nothing was changed. ${d.wayOut}`,
  },
  PEOPLE_FILE_LOCKED: {
    exit: 5,
    text: (d: { path: string; holder: string }) => `expected to be the only writer of ${d.path}, but ${d.holder} holds its lock`,
  },
  PEOPLE_FILE_UNREADABLE: {
    exit: 5,
    text: (d: { path: string; reason: string }) => `expected to read the people file at ${d.path}, received: ${d.reason}`,
  },
  PEOPLE_FILE_UNWRITABLE: {
    exit: 5,
    text: (d: { path: string; reason: string }) =>
      `expected to write the people file at ${d.path}, received: ${d.reason}; the change was not made`,
  },
  PEOPLE_FILE_NEWER: {
    exit: 5,
    text: (d: { path: string; schema: number; known: number }) =>
      `expected a people file of schema version ${d.known} or older, received version ${d.schema} at ${d.path}, written by a newer facelatch; nothing was changed. Install that release again, or restore a backup that this one made`,
  },
  PEOPLE_FILE_RECOVERED: {
    exit: 5,
    text: (d: {
      path: string;
      reason: string;
      setAside: string | undefined;
      generation: string;
      savedAt: string;
      people: number;
    }) =>
      `expected an intact people file at ${d.path}, received: ${d.reason}; ${d.generation} of ${d.savedAt} with ${d.people} people is in use instead, later changes are missing${d.setAside === undefined ? '' : `; the damaged file was set aside as ${d.setAside}`}`,
  },
  PEOPLE_FILE_REPLACED: {
    exit: 5,
    text: (d: { path: string; setAside: string | undefined }) =>
      `expected to be the only writer of ${d.path}, but something else ${d.setAside === undefined ? 'removed it; it was written anew' : `changed it; that file was set aside as ${d.setAside}`}`,
  },
  PEOPLE_FILE_CLOSED: {
    exit: 70,
    text: (d: { path: string }) => `expected an open people file, received a change after ${d.path} was closed`,
  },
  PEOPLE_FILE_NOT_ENCRYPTED: {
    exit: 5,
    text: (d: { path: string }) =>
      `expected an encrypted people file at ${d.path} because a key is configured, received one in the clear; "facelatch people rekey" encrypts it`,
  },
  PEOPLE_KEY_MISSING: {
    exit: 5,
    text: (d: { path: string; keyId: string }) =>
      `expected the key ${d.keyId} for the encrypted people file at ${d.path}, none is configured (people.keyFile, people.keyCredential or people.passphraseFile)`,
  },
  PEOPLE_KEY_WRONG: {
    exit: 5,
    text: (d: { path: string; expected: string; received: string }) =>
      `expected the key ${d.expected} for ${d.path}, received the key ${d.received}; the file is intact and was not changed`,
  },
  PEOPLE_FORGET_UNFINISHED: {
    exit: 5,
    text: (d: { path: string; reason: string }) =>
      `expected to take somebody out of ${d.path}, received: ${d.reason}; they are out of the people file, and the same command again takes them out of its copies`,
  },
  PEOPLE_BACKUP_DAMAGED: {
    exit: 5,
    text: (d: { path: string; reason: string }) =>
      `expected a whole backup of a people file at ${d.path}, received a damaged one (${d.reason}); nobody was changed`,
  },
  PEOPLE_IMPORT_INVALID: {
    exit: 3,
    text: (d: { source: string; reason: string }) =>
      `expected people as "facelatch people export" writes them, received ${d.source} with ${d.reason}; nobody was added`,
  },
  PEOPLE_IMPORT_ENCODER: {
    exit: 3,
    text: (d: { source: string; expected: string; received: string }) =>
      `expected templates of the encoder ${d.expected}, received ${d.received} in ${d.source}; distances between encoders mean nothing: enroll from photographs instead`,
  },
  PEOPLE_KEY_INVALID: {
    exit: 5,
    text: (d: { source: string; reason: string }) => `expected a key from ${d.source}, received: ${d.reason}`,
  },

  MODEL_MISSING: {
    exit: 6,
    text: (d: { model: string; path: string }) =>
      `expected the model "${d.model}" at ${d.path}, found none; "npm run models" fetches it`,
  },
  MODEL_MISMATCH: {
    exit: 6,
    text: (d: { model: string; path: string; expected: string; received: string }) =>
      `expected the model "${d.model}" to have SHA-256 ${d.expected}, received ${d.received} from ${d.path}; it is not loaded`,
  },
  MODEL_UNKNOWN: {
    exit: 6,
    text: (d: { model: string; known: readonly string[] }) =>
      `expected one of the models of the manifest (${d.known.join(', ')}), received "${d.model}"`,
  },
  MANIFEST_INVALID: {
    exit: 6,
    text: (d: { path: string; reason: string }) => `expected a model manifest at ${d.path}, received: ${d.reason}`,
  },
  PROVIDER_UNAVAILABLE: {
    exit: 6,
    text: (d: { model: string; wanted: readonly string[]; reasons: readonly string[] }) =>
      `expected to run "${d.model}" on ${d.wanted.join(', ')}; none could be used: ${d.reasons.join('; ')}`,
  },
  LABELLED_FOLDER_INVALID: {
    exit: 3,
    text: (d: { folder: string; received: string }) =>
      `expected ${d.folder} to have a folder of photographs for each of two people or more, received: ${d.received}`,
  },
  CALIBRATION_IMPOSSIBLE: {
    exit: 3,
    text: (d: { expected: string; received: string }) => `expected ${d.expected}, received ${d.received}`,
  },
  MODEL_INPUT_INVALID: {
    exit: 70,
    text: (d: { model: string; expected: number; received: number; batch: number }) =>
      `expected ${d.expected} values for ${d.batch} input(s) of "${d.model}", received ${d.received}`,
  },
  RUNTIME_UNAVAILABLE: {
    exit: 6,
    text: (d: { reason: string }) =>
      `expected ONNX Runtime to load on ${process.platform}/${process.arch}, received: ${d.reason}`,
  },
  MODEL_FETCH_FAILED: {
    exit: 6,
    text: (d: { source: string; reason: string }) => `expected to fetch ${d.source}, received: ${d.reason}`,
  },

  CAMERA_UNAVAILABLE: {
    exit: 7,
    text: (d: { source: string; reason: string }) => `expected frames from ${d.source}, received: ${d.reason}`,
  },
  CARD_READER_UNAVAILABLE: {
    exit: 7,
    text: (d: { path: string; reason: string }) => `expected cards to replay from ${d.path}, received: ${d.reason}`,
  },
  AUDIT_UNAVAILABLE: {
    exit: 5,
    text: (d: { folder: string; reason: string }) => `expected an audit log in ${d.folder}, received: ${d.reason}`,
  },
  SCHEDULE_UNKNOWN: {
    exit: 4,
    text: (d: { people: readonly string[]; known: readonly string[] }) =>
      `expected everybody's schedule to be configured (${d.known.join(', ') || 'none is'}), received: ${d.people.join('; ')}`,
  },
  RELAY_UNAVAILABLE: {
    exit: 7,
    text: (d: { line: string; reason: string }) => `expected to drive the relay on ${d.line}, received: ${d.reason}`,
  },
  GPIO_LINE_NOT_FOUND: {
    exit: 7,
    text: (d: { wanted: string; root: string; found: readonly string[] }) =>
      `expected ${d.wanted} under ${d.root}, found ${d.found.length === 0 ? 'no GPIO chip' : d.found.join(', ')}`,
  },
  DOOR_INPUT_UNAVAILABLE: {
    exit: 7,
    text: (d: { input: string; line: string; reason: string }) =>
      `expected to read the ${d.input} input on ${d.line}, received: ${d.reason}`,
  },
  BROKER_UNAVAILABLE: {
    exit: 7,
    text: (d: { url: string; reason: string }) => `expected an MQTT broker at ${d.url}, received: ${d.reason}`,
  },
  PORT_TAKEN: {
    exit: 7,
    text: (d: { host: string; port: number; purpose: string }) =>
      `expected to listen on ${d.host}:${d.port} for ${d.purpose}, but another process has that port`,
  },
} as const;

export type ErrorCode = keyof typeof table;
type Details<C extends ErrorCode> = Parameters<(typeof table)[C]['text']>[0];

export class FacelatchError extends Error {
  override readonly name = 'FacelatchError';
  readonly code: ErrorCode;
  readonly exitStatus: number;

  /** Use {@link fault}: it ties the details to the code. */
  constructor(code: ErrorCode, message: string, cause: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.exitStatus = table[code].exit;
  }
}

/** The error with this code: `throw fault('NO_FACE', { source })`. */
export function fault<C extends ErrorCode>(code: C, details: Details<C>, cause?: unknown): FacelatchError {
  const text = table[code].text as (details: Details<C>) => string;
  return new FacelatchError(code, text(details), cause);
}

/** Whether a text from outside is the code of one of our errors. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(table, text);
}

/** What went wrong, in words, whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
