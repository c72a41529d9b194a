import { describe, expect, it } from 'vitest';
import { redact } from '../../src/camera/redact.js';

describe('redact', () => {
  it.each([
    ['rtsp://admin:hunter22@10.0.0.5/live', 'rtsp://***@10.0.0.5/live'],
    ['rtsp://admin@10.0.0.5/live', 'rtsp://***@10.0.0.5/live'],
    ['rtsp://admin:p@ss@10.0.0.5/live', 'rtsp://***@10.0.0.5/live'],
    ['rtsp://admin:12/hunter22@10.0.0.5/live', 'rtsp://***@10.0.0.5/live'],
    ['http://10.0.0.5/video?user=admin&pwd=hunter22', 'http://10.0.0.5/video?***'],
    ['rtsp://10.0.0.5/user=admin_password=hunter22_channel=1.sdp', 'rtsp://10.0.0.5/user=admin_password=***'],
    ['rtsp://admin:hunter22@10.0.0.5/live: Connection refused', 'rtsp://***@10.0.0.5/live: Connection refused'],
    ['/dev/video0: No such file or directory', '/dev/video0: No such file or directory'],
    ['http://10.0.0.5:8080/stream.mjpg', 'http://10.0.0.5:8080/stream.mjpg'],
  ])('%s', (text, safe) => {
    expect(redact(text)).toBe(safe);
    expect(redact(text)).not.toContain('hunter22');
  });

  it('takes a known secret out wherever it stands', () => {
    expect(redact('401 for user admin, password "hunter22"', ['hunter22', ''])).toBe('401 for user admin, password "***"');
  });
});
