import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakePackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly tarball: Uint8Array;
}

/** How the registry misbehaves when a tarball is asked for; by default it does not. */
export interface Misbehaviour {
  /** Breaks the connection after so many bytes, once for each number. */
  cutAfterBytes?: number[];
  /** Sends the whole where a part was asked for. */
  ignoresRanges?: boolean;
  /** Sends this instead of the tarball. */
  sends?: Uint8Array;
  status?: number;
}

export interface FakeRegistry {
  readonly url: string;
  /** The tarball requests so far: the Range header of each. */
  readonly ranges: (string | undefined)[];
  /** Every request so far. */
  readonly requests: string[];
  readonly authorizations: (string | undefined)[];
  misbehave: Misbehaviour;
  close(): Promise<void>;
}

/** An npm registry on 127.0.0.1 with these packages: what its clients see of one, packuments and tarballs. */
export async function startFakeRegistry(packages: readonly FakePackage[]): Promise<FakeRegistry> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    registry.requests.push(path);
    registry.authorizations.push(request.headers.authorization);
    const tarball = packages.find((entry) => path === tarballPath(entry));
    const found = packages.find((entry) => path === `/${entry.name}`);
    if (tarball) sendTarball(tarball, request, response);
    else if (found) response.setHeader('content-type', 'application/json').end(JSON.stringify(packument(found)));
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
  });

  const packument = ({ name, version, integrity, ...entry }: FakePackage) => ({
    name,
    'dist-tags': { latest: version },
    versions: {
      [version]: {
        name,
        version,
        dist: { integrity, tarball: `${registry.url.slice(0, -1)}${tarballPath({ name, version, integrity, ...entry })}` },
      },
    },
  });

  function sendTarball(entry: FakePackage, request: IncomingMessage, response: ServerResponse): void {
    const { cutAfterBytes, ignoresRanges, sends, status } = registry.misbehave;
    registry.ranges.push(request.headers.range);
    if (status !== undefined) return void response.writeHead(status).end();
    const whole = sends ?? entry.tarball;
    const start = ignoresRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= whole.length) return void response.writeHead(416).end();
    const body = whole.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': body.length,
      ...(start > 0 && { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` }),
    });
    const cut = cutAfterBytes?.shift();
    if (cut === undefined) return void response.end(body);
    response.write(body.subarray(0, cut), () => request.socket.destroy());
  }

  const registry: FakeRegistry = {
    url: '',
    ranges: [],
    requests: [],
    authorizations: [],
    misbehave: {},
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(registry, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
}

function tarballPath({ name, version }: FakePackage): string {
  return `/${name}/-/${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
}
