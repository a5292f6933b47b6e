import koffi from "koffi";

/**
 * Keeps a loaded library in memory until the process ends. koffi unloads a library when the JavaScript thread that
 * loaded it ends, while threads of the library may still run; the process then crashed with a segmentation fault. If
 * the system cannot pin the library, it still works, and Node prints a warning.
 */
export function pinLibrary(file: string): void {
  let pinned = false;
  try {
    pinned = process.platform === "win32" ? pinOnWindows(file) : pinOnPosix(file);
  } catch {
    // The system lacks these functions.
  }
  if (pinned) return;
  process.emitWarning(`${file} cannot be kept in memory: the process may crash when it ends.`, "BackendWarning");
}

const RTLD_NOW = 2;
const RTLD_NODELETE = process.platform === "darwin" ? 0x80 : 0x1000;

function pinOnPosix(file: string): boolean {
  // null is the program itself. dlopen is in libdl or libc, and the program is linked to both.
  const dlopen = koffi.load(null).func("void* dlopen(str, int)");
  const handle: bigint | null = dlopen(file, RTLD_NOW | RTLD_NODELETE);
  return handle !== null;
}

const GET_MODULE_HANDLE_EX_FLAG_PIN = 1;

function pinOnWindows(file: string): boolean {
  const getModuleHandle = koffi.load("kernel32.dll").func("int GetModuleHandleExW(uint32_t, str16, void*)");
  const status: number = getModuleHandle(GET_MODULE_HANDLE_EX_FLAG_PIN, file, new BigUint64Array(1));
  return status !== 0;
}
