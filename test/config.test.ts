import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultConfig, parseConfig, readConfig } from '../src/config.js';
import { root } from './support/photographs.js';

const problems = (text: string): string => {
  try {
    parseConfig(text, 'door.yaml');
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('expected the configuration to be refused');
};

describe('the configuration', () => {
  it('is every default where the file is empty', () => {
    expect(parseConfig('', 'x')).toEqual(defaultConfig());
    expect(defaultConfig()).toMatchObject({ access: { threshold: 0.7 }, relay: { adapter: 'simulated' } });
  });

  it('is explained by a file that says the defaults themselves', () => {
    const path = join(root, 'config', 'facelatch.yaml');
    expect(readConfig(path)).toEqual(defaultConfig());
    expect(readFileSync(path, 'utf8')).toContain('threshold: 0.7');
  });

  it('names each wrong key, its line and the nearest right one, all at once', () => {
    const text = problems('door:\n  id: front\nrelay:\n  adapter: simulated\n  pulsMs: 300\ncamra: 3\n');
    expect(text).toContain('line 5: unknown key "relay.pulsMs"; did you mean "pulseMs"?');
    expect(text).toContain('line 6: unknown key "camra"; did you mean "camera"?');
  });

  it('says what was expected and what was received for a wrong value', () => {
    expect(problems('door:\n  id: Front Door\n')).toContain(
      'line 2: door.id: expected 1 to 64 characters of a-z, 0-9 and "-", received "Front Door"',
    );
    expect(problems('access:\n  threshold: 0.9\n')).toMatch(/line 2: access\.threshold: .*0\.7, received 0\.9/);
    expect(problems('access:\n  agreeFrames: 9\n')).toContain('agreeFrames <= windowFrames');
  });

  it('refuses a device name that a shell would run, and a file that is no mapping', () => {
    expect(problems('camera:\n  adapter: webcam\n  device: "/dev/video0; reboot"\n')).toContain(
      'expected a device such as /dev/video0',
    );
    expect(problems('- 1\n')).toContain('expected object');
    expect(problems('a: [')).toMatch(/line 1/);
  });

  it('keeps the password of a URL out of its errors', () => {
    const text = problems('mqtt:\n  url: mqtts://door:s3cret@broker.example\n');
    expect(text).toContain('mqtts://***@broker.example');
    expect(text).not.toContain('s3cret');
  });

  it('does not take a laxer threshold than 0.7, whatever the file says', () => {
    for (const value of ['0.71', '2', '.inf', '"0.9"', 'null'])
      expect(problems(`access:\n  threshold: ${value}\n`)).toContain('access.threshold');
  });
});
