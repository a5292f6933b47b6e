#!/usr/bin/env bash
# Joins the parts next to this script and checks the GPU of this machine (Linux x64). Needs bash, tar, and xz or python3; no
# network. Passes its options to the check: --output FOLDER, --minutes 8, --small. --software uses the packed software GPU.
# Exit code 1: the backend does not conform.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
unpacked=${MLAN_GPU_FOLDER:-$here/unpacked}
if [ ! -e "$unpacked/complete" ]; then
  rm -rf "$unpacked"
  mkdir -p "$unpacked"
  if command -v xz >/dev/null; then decompress=(xz -dc)
  elif command -v python3 >/dev/null; then
    decompress=(python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.stdin.buffer), sys.stdout.buffer)')
  else echo "Install xz or python3 to unpack the check." >&2; exit 2; fi
  cat "$here"/gpu.tar.xz.part-* | "${decompress[@]}" | tar -xf - -C "$unpacked"
  touch "$unpacked/complete"
fi
software=no
options=()
for option in "$@"; do
  if [ "$option" = --software ]; then software=yes; else options+=("$option"); fi
done
libraries=""
# Prefer the libraries of the machine: its drivers may need newer versions.
known=$( (ldconfig -p || /sbin/ldconfig -p || true) 2>/dev/null)
for folder in "$unpacked"/lib/*.so.*; do
  library=${folder##*/}
  case $known in *"$library"*) ;; *) libraries="$unpacked/lib/$library:$libraries" ;; esac
done
if [ "$software" = yes ]; then
  libraries="$unpacked/lib/libvulkan.so.1:$libraries"
  export VK_ICD_FILENAMES="$unpacked/lib/swiftshader/vk_swiftshader_icd.json"
elif [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ]; then
  # In containers, NVIDIA's driver is mounted where the loader does not look.
  for file in /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json; do
    if [ -e "$file" ]; then export VK_DRIVER_FILES="${VK_DRIVER_FILES:+$VK_DRIVER_FILES:}$file"; fi
  done
fi
export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:-}"
exec "$unpacked/bin/node" "$unpacked/app/dist/check.js" ${options[@]+"${options[@]}"}
