#!/bin/sh
# Installs the service for this checkout, or with --uninstall takes it away: docs/install.md.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
units=/etc/systemd/system

[ "$(id -u)" = 0 ] || { echo "install: expected to be run as root (sudo $0)" >&2; exit 1; }

if [ "${1:-}" = --uninstall ]; then
  systemctl disable --now facelatch.service 'facelatch@*.service' 2>/dev/null || true
  rm -f "$units/facelatch.service" "$units/facelatch@.service" /etc/sysusers.d/facelatch.conf /etc/tmpfiles.d/facelatch.conf \
    /etc/udev/rules.d/60-facelatch.rules /usr/local/bin/facelatch
  systemctl daemon-reload 2>/dev/null || true
  echo 'install: removed; /etc/facelatch and /var/lib/facelatch are left'
  exit 0
fi
[ $# -eq 0 ] || { echo "usage: $0 [--uninstall]" >&2; exit 2; }

node=$(command -v node) || { echo 'install: expected Node 20.17 or later in the PATH, found none' >&2; exit 1; }
node=$(readlink -f "$node")
[ -e "$here/dist/facelatch.cjs" ] || { echo 'install: expected a built tree; run "npm ci && npm run build && npm run models"' >&2; exit 1; }
case "$here $node" in
  */home/* | */root/*) echo "install: expected checkout and Node outside of /home and /root, which the sandbox hides; received $here and $node" >&2; exit 1 ;;
esac

# The sandbox executes nothing outside /usr: the checkout's native libraries and this Node are added.
for unit in facelatch.service facelatch@.service; do
  sed -e "s#/usr/lib/facelatch/bin/node#$node#g; s#/usr/lib/facelatch#$here#g" \
    -e "s#^ExecPaths=.*#& $here $(dirname "$node")#" "$here/systemd/$unit" >"$units/$unit"
done
install -D -m 644 "$here/systemd/facelatch.sysusers" /etc/sysusers.d/facelatch.conf
install -D -m 644 "$here/systemd/facelatch.tmpfiles" /etc/tmpfiles.d/facelatch.conf
install -D -m 644 "$here/systemd/60-facelatch.rules" /etc/udev/rules.d/60-facelatch.rules
sed -e "s#/usr/lib/facelatch/bin/node#$node#; s#/usr/lib/facelatch#$here#" "$here/scripts/package/debian/facelatch" >/usr/local/bin/facelatch
chmod 755 /usr/local/bin/facelatch

"$node" "$here/dist/facelatch.cjs" precompile || echo 'install: the program was not compiled ahead; starts take longer' >&2

systemd-sysusers facelatch.conf
if [ ! -e /etc/facelatch/facelatch.yaml ]; then
  mkdir -p /etc/facelatch
  sed 's#^  file: state/people.json#  file: /var/lib/facelatch/people.json#' "$here/config/facelatch.yaml" >/etc/facelatch/facelatch.yaml
fi
systemd-tmpfiles --create facelatch.conf
install -d -o facelatch -g facelatch -m 0700 /var/lib/facelatch
[ -e /var/lib/facelatch/people.json ] || /usr/local/bin/facelatch people init
if [ -d /run/systemd/system ]; then
  udevadm control --reload && udevadm trigger --action=add --subsystem-match=gpio || true
  systemctl daemon-reload
  systemctl enable facelatch.service
fi
echo 'install: describe the door in /etc/facelatch/facelatch.yaml, then: systemctl start facelatch'
