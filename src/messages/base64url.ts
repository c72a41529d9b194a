/**
 * The bytes of a base64url text without padding (RFC 4648 clause 5), or undefined where it is not exactly that: Node decodes
 * anything, and two texts of the same bytes would be two commands.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
