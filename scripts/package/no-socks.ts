/** Stands in the bundle for the package `socks`, which mqtt.js asks for: a door goes through no SOCKS proxy (scripts/bundle.ts). */
export function SocksClient(): never {
  throw new Error('expected a direct way to the broker, found MQTTJS_SOCKS_PROXY; unset it');
}
