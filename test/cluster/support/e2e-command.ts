import type { CommandResult } from './command.ts'

/** What a command printed. @throws with what it complained of, when it failed */
export const must = async (running: Promise<CommandResult>): Promise<string> => {
  const { code, stdout, stderr } = await running
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr || stdout}`)
  return stdout
}
