#!/usr/bin/env bash
# Boots systemd as the first process of a system of its own: this one's files below, what is written in memory, no network
# but loopback, a control group of its own. Runs FOLDER/io/run.sh there, as /io/run.sh, and ends with it; FOLDER/io/said has what it said.
#
#     bootSystemd.sh FOLDER CGROUP        CGROUP: an empty control group (version 2) that this may use
set -euo pipefail
folder=$1 cgroup=$2

if [ "${3:-}" != inside ]; then
  echo $$ >"$cgroup/cgroup.procs"
  exec unshare --cgroup --mount --propagation private --pid --fork --kill-child --uts --ipc --net "$0" "$folder" "$cgroup" inside
fi

mkdir "$folder/memory"
mount -t tmpfs tmpfs "$folder/memory"
cd "$folder/memory"
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
root=$PWD/root
mkdir -p "$root/io" "$root/before"
mount --bind "$folder/io" "$root/io"

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

# Of this system's own services none starts.
rm -rf "$root"/etc/systemd/system/*.wants
cat >"$root/etc/systemd/system/run.service" <<'UNIT'
[Unit]
DefaultDependencies=no
Requires=systemd-journald.service
After=systemd-journald.service
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/sh /io/run.sh
StandardOutput=file:/io/said
StandardError=file:/io/said
TimeoutStartSec=90
UNIT

cd "$root"
pivot_root . before
umount --lazy /before
exec env -i container=other PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=run.service --log-target=null
