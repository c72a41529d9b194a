// In some cameras' addresses the password is part of the path: rtsp://10.0.0.5/user=admin_password=x_channel=1.sdp
const NAMED_SECRET = /((?:pass|pwd|psw|token|secret|auth)[a-z]*=)[^\s&/]+/gi;
// Up to the last "@": a password may hold one, or a "/", without being encoded.
const USER_INFO = /([a-z][a-z0-9+.-]*:\/\/)\S*@/gi;
const QUERY = /([a-z][a-z0-9+.-]*:\/\/[^\s?]*)\?[^\s'"]*/gi;
// Shorter ones would only make the rest unreadable, and thereby tell themselves.
const SHORTEST_SECRET = 4;

/**
 * A text without the credentials of the URLs in it: what stands before "@", after "?", and after "password=" and the like.
 * For programs that repeat the address that they were given.
 * @param secrets strings that are taken out wherever they stand
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  const without = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .reduce((safe, secret) => safe.replaceAll(secret, '***'), text);
  return without.replace(USER_INFO, '$1***@').replace(QUERY, '$1?***').replace(NAMED_SECRET, '$1***');
}
