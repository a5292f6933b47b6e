#!/usr/bin/env bash
# Puts the parts beside this script together and checks the GPU of this machine (Linux x64). It needs bash, tar, and xz or
# python3; no network. Options go to the check: --output FOLDER, --minutes 8, --small; --software takes the GPU in
# software that was packed. Exit code 1: the backend does not conform.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
unpacked=${MLAN_GPU_FOLDER:-$here/unpacked}
if [ ! -e "$unpacked/complete" ]; then
  rm -rf "$unpacked"
  mkdir -p "$unpacked"
  if command -v xz >/dev/null; then decompress=(xz -dc)
  elif command -v python3 >/dev/null; then
    decompress=(python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.stdin.buffer), sys.stdout.buffer)')
  else echo "There is neither xz nor python3 to unpack with." >&2; exit 2; fi
  cat "$here"/gpu.tar.xz.part-* | "${decompress[@]}" | tar -xf - -C "$unpacked"
  touch "$unpacked/complete"
fi
software=no
options=()
for option in "$@"; do
  if [ "$option" = --software ]; then software=yes; else options+=("$option"); fi
done
libraries=""
# What the machine has comes first: its drivers may need newer versions.
known=$( (ldconfig -p || /sbin/ldconfig -p || true) 2>/dev/null)
for folder in "$unpacked"/lib/*.so.*; do
  library=${folder##*/}
  case $known in *"$library"*) ;; *) libraries="$unpacked/lib/$library:$libraries" ;; esac
done
if [ "$software" = yes ]; then
  libraries="$unpacked/lib/libvulkan.so.1:$libraries"
  export VK_ICD_FILENAMES="$unpacked/lib/swiftshader/vk_swiftshader_icd.json"
elif [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ]; then
  # Containers get NVIDIA's driver mounted at a place where the loader does not look.
  for file in /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json; do
    if [ -e "$file" ]; then export VK_DRIVER_FILES="${VK_DRIVER_FILES:+$VK_DRIVER_FILES:}$file"; fi
  done
fi
export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:-}"
exec "$unpacked/bin/node" "$unpacked/app/dist/check.js" ${options[@]+"${options[@]}"}
