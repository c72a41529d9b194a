/**
 * Where an answer goes: the response topic of an MQTT 5 request, or the door's own.
 *
 * The response topic is not signed, and the door publishes with the door's rights: it must not be made to speak as its own
 * state, as another door, or as a discovery message. Below its own `response/` it answers anyway, and may by the access rules
 * that are shipped.
 */
export function responseTopicFor(requested: string | undefined, own: string): string {
  if (requested === undefined) return own;
  const responses = own.slice(0, own.lastIndexOf('/') + 1);
  const harmless =
    requested.length > 0 &&
    requested.length <= 256 &&
    !/[+#\0]/.test(requested) &&
    (requested.startsWith(responses) || !/^(\$|facelatch(\/|$)|homeassistant(\/|$))/.test(requested));
  return harmless ? requested : own;
}
