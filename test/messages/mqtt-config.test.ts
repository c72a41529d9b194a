import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { readCredentials } from '../../src/messages/credentials.js';
import { temporaryFolder } from './support.js';

const mqtt = (lines: string) => parseConfig(`mqtt:\n${lines.replace(/^/gm, '  ')}`, 'facelatch.yaml').mqtt;

describe('the mqtt section of the configuration', () => {
  it('asks for nothing', () => {
    expect(parseConfig('', 'facelatch.yaml').mqtt).toMatchObject({ embeddedPort: 1883, keepAliveSeconds: 30 });
    expect(parseConfig('', 'facelatch.yaml').mqtt.url).toBeUndefined();
  });

  it.each([
    ['url: http://broker', 'expected a URL such as mqtts://'],
    ['url: mqtt://door@broker', 'expected no user or password in the URL'],
    ['url: mqtt://broker\ntls: { caFile: ca.pem }', 'expected a url that starts with mqtts://'],
    ['url: mqtts://broker\ntls: { certFile: door.pem }', 'expected certFile and keyFile together'],
    ['url: mqtt://broker\npasswordFile: password', 'expected a username beside it'],
    ['reconnectMinMs: 2000\nreconnectMaxMs: 1000', 'expected at most reconnectMaxMs'],
    ['keepAliveSecond: 30', 'did you mean "keepAliveSeconds"?'],
  ])('refuses %j', (lines, problem) => {
    expect(() => mqtt(lines)).toThrow(problem);
  });

  it('takes TLS with a certificate for the door', () => {
    expect(mqtt('url: wss://broker/mqtt\ntls: { caFile: ca.pem, certFile: door.pem, keyFile: door.key }').tls).toEqual({
      caFile: 'ca.pem',
      certFile: 'door.pem',
      keyFile: 'door.key',
    });
  });
});

describe('readCredentials', () => {
  it('reads the files that are named, the password without its newline', async () => {
    const folder = temporaryFolder();
    const file = (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const passwordFile = file('password', 'correct horse\r\nbattery\n');
    const section = mqtt(
      `url: mqtts://broker\nusername: door\npasswordFile: ${passwordFile}\n` +
        `tls: { caFile: ${file('ca', 'A')}, certFile: ${file('cert', 'B')}, keyFile: ${file('key', 'C')} }`,
    );
    expect(await readCredentials(section)).toEqual({
      username: 'door',
      password: 'correct horse',
      ca: Buffer.from('A'),
      cert: Buffer.from('B'),
      key: Buffer.from('C'),
    });
    expect(await readCredentials(mqtt('url: mqtt://broker'))).toEqual({});
  });

  it('says which setting names a file that cannot be read', async () => {
    const section = mqtt('url: mqtts://broker\ntls: { caFile: /nonexistent/ca.pem }');
    await expect(readCredentials(section)).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
      message: expect.stringContaining('mqtt.tls.caFile') as string,
    });
  });
});
