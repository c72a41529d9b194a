/** What Linux tells of a process from outside (proc(5)). Undefined where there is no such file. */
import { readFile } from 'node:fs/promises';

/** Ticks of /proc/<pid>/stat: USER_HZ is 100 on every architecture that Linux has a Node for. */
const TICK_MS = 10;

const read = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

/** Processor time so far, user and system, of all its threads; its children have their own. */
export async function cpuMsOf(pid: number): Promise<number | undefined> {
  const stat = await read(`/proc/${pid}/stat`);
  // The name of the program, in parentheses, may hold blanks.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory in megabytes: now, and the most that it ever was. */
export async function memoryOf(pid: number): Promise<{ residentMegabytes: number; peakMegabytes: number } | undefined> {
  const status = await read(`/proc/${pid}/status`);
  const megabytes = (field: string) => (Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status ?? '')?.[1]) * 1024) / 1e6;
  return status === undefined ? undefined : { residentMegabytes: megabytes('VmRSS'), peakMegabytes: megabytes('VmHWM') };
}

export async function childrenOf(pid: number): Promise<number[]> {
  const children = await read(`/proc/${pid}/task/${pid}/children`);
  return children?.trim().split(' ').filter(Boolean).map(Number) ?? [];
}
