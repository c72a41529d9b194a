import { createServer, type Server } from 'node:http';
import { fault, reasonOf } from '../errors.js';
import type { Metrics } from './metrics.js';

const HOST = '127.0.0.1';
const TIMEOUT_MS = 5_000;

export interface MetricsServer {
  readonly url: string;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * `GET /metrics` for a Prometheus on this machine, on loopback only.
 *
 * @param port 0 takes any free one
 * @throws FacelatchError PORT_TAKEN
 */
export async function serveMetrics(metrics: Metrics, port: number): Promise<MetricsServer> {
  const server = createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(request.url === '/metrics' ? 405 : 404).end();
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(reasonOf(error)),
    );
  });
  server.maxConnections = 8;
  await listen(server, port);
  const address = server.address() as { readonly port: number };
  let stopped: Promise<void> | undefined;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${HOST}:${address.port}/metrics`, stop: () => (stopped ??= stop()) };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', (error) =>
      reject(fault('PORT_TAKEN', { host: HOST, port, purpose: 'figures for Prometheus (metrics.port)' }, error)),
    );
    server.listen({ host: HOST, port }, () => resolve());
  });
}
