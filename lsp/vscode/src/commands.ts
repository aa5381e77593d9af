// The commands of the palette, the editor's title and the view: each asks the server, about the file in the editor.
import * as vscode from "vscode";
import { type Round, serverCommand, type Subject } from "./protocol";
import { roundUri } from "./rounds";

/** The file a command is about: the one in the editor when it is hardware, else nothing in particular. */
export function currentUri(): string | undefined {
  const document = vscode.window.activeTextEditor?.document;
  const isHardware = document && /^(system)?verilog$/.test(document.languageId) && document.uri.scheme === "file";
  return isHardware ? document.uri.toString() : vscode.workspace.workspaceFolders?.[0]?.uri.toString();
}

export function registerCommands(): vscode.Disposable {
  const ask = (command: string) => () => askServer(command, { uri: currentUri() });
  const registered = [
    vscode.commands.registerCommand("llm4cov.runHere", ask(serverCommand.run)),
    vscode.commands.registerCommand("llm4cov.closeHere", ask(serverCommand.close)),
    vscode.commands.registerCommand("llm4cov.stopHere", ask(serverCommand.stop)),
    vscode.commands.registerCommand("llm4cov.repairHere", ask(serverCommand.repair)),
    vscode.commands.registerCommand("llm4cov.createTestbenchHere", ask(serverCommand.createTestbench)),
    vscode.commands.registerCommand("llm4cov.exportHere", ask(serverCommand.export)),
    vscode.commands.registerCommand("llm4cov.applyRound", (round: Round) =>
      askServer(serverCommand.apply, { uri: currentUri(), round: round.number }),
    ),
    vscode.commands.registerCommand("llm4cov.compareRound", compare),
  ];
  return vscode.Disposable.from(...registered);
}

/** Ask the server; while there is none its commands are unknown to the editor, which would say only that. */
async function askServer(command: string, subject: Subject & { round?: number }): Promise<unknown> {
  const known = await vscode.commands.getCommands(true);
  if (known.includes(command)) {
    return vscode.commands.executeCommand(command, subject);
  }
  const choice = await vscode.window.showWarningMessage("The language server of LLM4Cov is not running.", "Start It");
  return choice === undefined ? undefined : vscode.commands.executeCommand("llm4cov.restartServer");
}

/** Commands of the server that lenses and light bulbs ask for, where this editor has something better to show. */
export async function intercepted(
  command: string,
  args: unknown[],
  next: (command: string, args: unknown[]) => vscode.ProviderResult<unknown>,
): Promise<unknown> {
  if (command === serverCommand.rounds) {
    return vscode.commands.executeCommand("llm4cov.rounds.focus");
  }
  const subject = args[0];
  if (command === serverCommand.waive && isObject(subject) && !subject["reason"]) {
    const reason = await vscode.window.showInputBox({
      title: "Waive this point",
      prompt: "Why may it stay uncovered? The reason stands in waivers.toml and in every report.",
      validateInput: (text) => (text.trim() ? undefined : "A waiver needs a reason."),
    });
    return reason === undefined ? undefined : next(command, [{ ...subject, reason }]);
  }
  return next(command, args);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

async function compare(round: Round): Promise<void> {
  const mine = vscode.window.activeTextEditor?.document.uri;
  if (mine?.scheme !== "file") {
    void vscode.window.showInformationMessage("Open the testbench to compare the round with.");
    return;
  }
  const title = `round ${round.number} ↔ ${vscode.workspace.asRelativePath(mine)}`;
  await vscode.commands.executeCommand("vscode.diff", roundUri(round, mine.toString()), mine, title);
}
