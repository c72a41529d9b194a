import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Undefined where openssl is installed. */
export const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not installed';

/** Files that prove who somebody is, as the configuration names them. */
export const certificateOf = (folder: string, name: string) => ({
  caFile: join(folder, 'ca.crt'),
  certFile: join(folder, `${name}.crt`),
  keyFile: join(folder, `${name}.key`),
});

/**
 * Certificates as docs/mqtt.md makes them: an authority, the broker, a door, an operator, a reader; and another authority, which
 * forges a door.
 */
export function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder });
    if (status !== 0) throw new Error(stderr.toString());
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = (name: string) =>
    openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-days', '2', '-subj', '/CN=Doors');
  authority('ca');
  authority('other-ca');
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1\n');
  for (const [name, ca] of [
    ['broker', 'ca'],
    ['front-door', 'ca'],
    ['operator', 'ca'],
    ['reader', 'ca'],
    ['forged', 'other-ca'],
  ] as const) {
    const subject = name === 'forged' ? 'front-door' : name;
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${subject}`);
    const sign = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-extfile', 'names', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...sign, '-out', `${name}.crt`);
  }
}

/** The shipped configuration of mosquitto with our files in the place of its own, and without its port. */
export function shippedLines(folder: string): string[] {
  copyFileSync('config/mosquitto/facelatch.acl', join(folder, 'facelatch.acl'));
  return readFileSync('config/mosquitto/facelatch.conf', 'utf8')
    .replaceAll(/\/etc\/mosquitto\/(certs\/)?/g, `${folder}/`)
    .split('\n')
    .filter((line) => line !== '' && !/^(#|listener|persistence)/.test(line));
}
