#!/usr/bin/env bash
# Builds the emulated board in the folder $1: disk.img (Debian for arm64, as installed), vmlinuz and initrd.gz. Run as root.
#
# Unpacking is done by this machine's dpkg, because under emulation it takes an hour; what packages do when they are configured
# is done on the board. Only Debian's archive, the one that apt uses here, is asked.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$1
suite=trixie
packages=systemd,systemd-sysv,udev,dbus,kmod,iproute2,perl-base,qemu-guest-agent,mosquitto,gpiod,ffmpeg,libstdc++6
kernel_modules='virtio_blk ext4 virtio_net 9p 9pnet_virtio autofs4 virtio-rng'
# Caches for desktops, which ffmpeg's libraries bring along: minutes of emulation for nothing.
not_configured=' fontconfig fontconfig-config fonts-dejavu-core libgdk-pixbuf-2.0-0 shared-mime-info x11-common '

say() { echo "board: $*" >&2; }
mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "Debian" { print $2; exit }')
[ -n "$mirror" ] || { say 'expected an archive of Debian among the sources of apt (apt-get update), found none'; exit 1; }

work=$(mktemp -d "$target/work.XXXXXX")
qemu=
trap '[ -z "$qemu" ] || kill -KILL "$qemu" 2>/dev/null; rm -rf "$work"' EXIT
root=$work/root debs=$work/debs
mkdir -p "$debs" "$work/kernel" "$work/initrd/bin" "$work/initrd/"{dev,proc,newroot,modules}

say "fetching the packages of $suite for arm64"
debootstrap --download-only --arch=arm64 --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
  --include="$packages,linux-image-arm64,busybox-static" "$suite" "$work/download" "$mirror" >"$target/build.log" 2>&1 ||
  { tail -n 20 "$target/build.log" >&2; exit 1; }

say 'unpacking them'
mkdir -p "$root"/{etc,proc,sys,dev,run,tmp,mnt} "$root"/usr/{bin,sbin,lib/modules} "$root"/var/lib/dpkg/{info,updates,triggers}
for folder in bin sbin lib; do ln -s "usr/$folder" "$root/$folder"; done
touch "$root"/var/lib/dpkg/{status,available}
echo arm64 >"$root/var/lib/dpkg/arch"
for deb in "$work"/download/var/cache/apt/archives/*.deb; do
  name=$(basename "$deb") name=${name%%_*}
  case $name in
    # The kernel is started by QEMU; of its modules the board needs a few.
    linux-image-[0-9]*) dpkg-deb -x "$deb" "$work/kernel"; continue ;;
    linux-* | initramfs-tools*) continue ;;
    busybox-static) dpkg-deb -x "$deb" "$work/busybox" ;;
  esac
  rm -rf "$work/control"
  dpkg-deb -e "$deb" "$work/control"
  # A preinst of arm64 cannot run here. On a new system none has anything to do but the one that makes the first users.
  [ "$name" != base-passwd ] || DPKG_ROOT=$root sh "$work/control/preinst" install
  strip=
  [ ! -e "$work/control/preinst" ] || strip=preinst
  case $not_configured in *" $name "*) strip='preinst postinst triggers' ;; esac
  if [ -z "$strip" ]; then
    ln "$deb" "$debs/$name.deb"
  else
    rm -rf "$work/one"
    dpkg-deb -R "$deb" "$work/one"
    (cd "$work/one/DEBIAN" && rm -f $strip)
    dpkg-deb -Znone -b "$work/one" "$debs/$name.deb" >>"$target/build.log"
  fi
done
dpkg --root="$root" --force-architecture --force-depends --force-unsafe-io --force-script-chrootless --no-triggers \
  --unpack "$debs"/*.deb >>"$target/build.log" 2>&1 || { tail -n 20 "$target/build.log" >&2; exit 1; }

say 'kernel, initial RAM disk, settings'
release=$(ls "$work/kernel/usr/lib/modules")
ln -s usr/lib "$work/kernel/lib"
depmod -b "$work/kernel" "$release"
count=10
for module in $kernel_modules; do modprobe -d "$work/kernel" -S "$release" --show-depends "$module"; done |
  awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    install -D -m 644 "$file" "$root/usr/lib/${file#"$work/kernel/lib/"}"
    # In this order: each after what it needs.
    count=$((count + 1))
    xz -dc "$file" >"$work/initrd/modules/$count-$(basename "${file%.xz}")"
  done
cp "$work/kernel/usr/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} "$root/usr/lib/modules/$release/"
depmod -b "$root" "$release"
cp "$work"/kernel/boot/vmlinuz-* "$target/vmlinuz"
cp "$work/busybox/usr/bin/busybox" "$work/initrd/bin/"
install -m 755 "$here/init" "$work/initrd/init"
(cd "$work/initrd" && find . | cpio --quiet -o -H newc | gzip -1) >"$target/initrd.gz"

cp -r "$here/etc/." "$root/etc/"
install -m 755 "$here/configure" "$root/configure"
install -d "$root/var/log/journal"
truncate -s 3G "$target/disk.img"
mke2fs -q -t ext4 -d "$root" "$target/disk.img"

say 'configuring the packages on the board (minutes)'
qemu-system-aarch64 -M virt -cpu cortex-a72 -smp 2 -m 2048 -accel tcg,thread=multi -display none -nodefaults -no-reboot \
  -serial "file:$target/configure.log" -kernel "$target/vmlinuz" -initrd "$target/initrd.gz" \
  -append 'console=ttyAMA0 panic=-1 board.init=/configure' \
  -drive "file=$target/disk.img,format=raw,if=none,id=disk,cache=unsafe" -device virtio-blk-pci,drive=disk -device virtio-rng-pci &
qemu=$!
wait "$qemu" || true
qemu=
grep -q '^board: configured' "$target/configure.log" || { tail -n 30 "$target/configure.log" >&2; say 'the board could not be configured'; exit 1; }
