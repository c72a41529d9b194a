import { createConnection } from 'node:net';
import type { Clock } from '../../clock.js';
import { FacelatchError, fault, isErrorCode } from '../../errors.js';
import { answerSchema, onFirstLine, requestLine, socketPath, type ChangeRequest } from './protocol.js';

/** What became of a request. After `lost` nobody knows whether the change was made. */
export type Outcome = 'done' | 'unreachable' | 'lost';

/** Ten times what a write of 100,000 people takes on a slow card. */
const patienceMs = 60_000;

/**
 * Asks the writer of the people file for a change.
 *
 * @throws the writer's error when it refuses
 */
export async function ask(file: string, request: ChangeRequest, clock: Clock): Promise<Outcome> {
  const address = await socketPath(file);
  try {
    const { connected, line } = await exchange(address.path, requestLine(request), clock);
    if (line === undefined) return connected ? 'lost' : 'unreachable';
    const answer = answerSchema.safeParse(parse(line));
    if (!answer.success) return 'lost';
    if (answer.data.ok) return 'done';
    const { code, message } = answer.data;
    if (isErrorCode(code)) throw new FacelatchError(code, message, undefined);
    throw fault('PEOPLE_FILE_UNWRITABLE', { path: file, reason: message });
  } finally {
    await address.release();
  }
}

function exchange(path: string, request: string, clock: Clock): Promise<{ connected: boolean; line: string | undefined }> {
  return new Promise((resolve) => {
    let connected = false;
    const socket = createConnection(path, () => {
      connected = true;
      socket.write(request);
    });
    const patience = clock.after(patienceMs, () => socket.destroy());
    onFirstLine(socket, (line) => {
      patience.cancel();
      socket.destroy();
      resolve({ connected, line });
    });
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
