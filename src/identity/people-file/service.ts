import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import { FacelatchError, fault, reasonOf } from '../../errors.js';
import { onFirstLine, protocolLimits, requestSchema, socketPath, type Answer, type ChangeRequest } from './protocol.js';

/** Makes changes for other processes while this one is the writer. */
export interface Service {
  /** Takes no more requests and answers those it has. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Only the holder of the lock may call this: a socket that is there already was left by one that was killed.
 *
 * @param change resolves when the change is durable
 */
export async function startService(
  file: string,
  { clock, change }: { clock: Clock; change: (request: ChangeRequest) => Promise<void> },
): Promise<Service> {
  const address = await socketPath(file);
  const open = new Set<Socket>();
  const busy = new Set<Promise<void>>();
  const server = createServer((socket) => {
    open.add(socket);
    const patience = clock.after(protocolLimits.idleMs, () => socket.destroy());
    socket.once('close', () => {
      patience.cancel();
      open.delete(socket);
    });
    onFirstLine(socket, (line) => {
      patience.cancel();
      if (line === undefined) {
        socket.destroy();
        return;
      }
      const work = answer(line, change).then((reply) => {
        socket.write(`${JSON.stringify(reply)}\n`);
        socket.destroySoon();
      });
      busy.add(work);
      void work.finally(() => busy.delete(work));
    });
  });
  server.maxConnections = protocolLimits.connections;
  try {
    await rm(address.path, { force: true });
    await listenPrivately(server, address.path);
  } catch (error) {
    await address.release();
    throw fault('PEOPLE_FILE_UNWRITABLE', { path: file, reason: `no socket beside it: ${reasonOf(error)}` }, error);
  }

  let closed: Promise<void> | undefined;
  const close = async () => {
    const ended = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await Promise.all(busy);
    for (const socket of open) socket.destroySoon();
    await ended;
    await address.release();
  };
  return { close: () => (closed ??= close()) };
}

async function answer(line: string, change: (request: ChangeRequest) => Promise<void>): Promise<Answer> {
  try {
    const request = requestSchema.safeParse(JSON.parse(line));
    if (!request.success) {
      const problems = request.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
      throw fault('PERSON_FIELD_INVALID', { problems });
    }
    await change(request.data);
    return { ok: true };
  } catch (error) {
    if (error instanceof FacelatchError) return { ok: false, code: error.code, message: error.message };
    return { ok: false, code: '', message: reasonOf(error) };
  }
}

/** The socket's mode comes from the umask at bind(2): changed later, it would be open to everybody for a moment. */
function listenPrivately(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      // A connection that cannot be accepted is its client's trouble, which asks again; not the door's.
      server.on('error', () => undefined);
      resolve();
    });
    const before = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(before);
    }
  });
}
