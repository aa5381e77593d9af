// The view of a session's rounds, as the tree they are.
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { type Round, roundsRequest, testbenchRequest } from "./protocol";

export const SCHEME = "llm4cov-round";

export class RoundsView implements vscode.TreeDataProvider<Round>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private rounds: Round[] = [];
  private readonly view: vscode.TreeView<Round>;
  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly client: LanguageClient,
    private readonly uri: () => string | undefined,
  ) {
    this.view = vscode.window.createTreeView("llm4cov.rounds", { treeDataProvider: this });
  }

  async refresh(): Promise<void> {
    const answer = await this.client.sendRequest(roundsRequest, { uri: this.uri() });
    this.rounds = answer.rounds;
    this.view.description = answer.session;
    this.changed.fire();
  }

  getChildren(element?: Round): Round[] {
    const parent = element ?? this.rounds.find((each) => each.parent === null);
    return parent ? this.below(parent) : [];
  }

  getTreeItem(round: Round): vscode.TreeItem {
    const score = round.status === "success" ? `${round.score.toFixed(1)} %` : round.status.replaceAll("_", " ");
    const item = new vscode.TreeItem(
      `${round.number}  ${score}`,
      this.opens(round) ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None,
    );
    const gain = round.gain > 0 ? ` +${round.gain.toFixed(1)}` : "";
    item.description = `${round.author}${gain}${round.isBest ? " · best" : ""}${round.isCurrent ? " · here" : ""}`;
    item.tooltip = `${round.note}\n${round.seconds.toFixed(1)} s`;
    item.contextValue = round.hasTestbench ? "testbench" : "nothing";
    item.iconPath = new vscode.ThemeIcon(icon(round), color(round));
    if (round.hasTestbench) {
      item.command = { command: "vscode.open", title: "Open", arguments: [roundUri(round, this.uri())] };
    }
    return item;
  }

  /** What stands one level below a state: a chain of rounds is a list; only several children make a level. */
  private below(parent: Round): Round[] {
    const children = this.childrenOf(parent);
    const only = children[0];
    if (children.length !== 1 || only === undefined) {
      return children;
    }
    return this.opens(only) ? [only] : [only, ...this.below(only)];
  }

  private opens(round: Round): boolean {
    const children = this.childrenOf(round).length;
    const siblings = this.rounds.filter((each) => each.parent === round.parent).length;
    return siblings > 1 ? children > 0 : children > 1;
  }

  private childrenOf(round: Round): Round[] {
    return this.rounds.filter((each) => each.parent === round.number);
  }

  dispose(): void {
    this.view.dispose();
    this.changed.dispose();
  }
}

/** The testbench of a round as a read-only document. */
export function roundUri(round: Round, subject: string | undefined): vscode.Uri {
  const query = new URLSearchParams({ round: String(round.number), subject: subject ?? "" });
  return vscode.Uri.from({ scheme: SCHEME, path: `/round ${round.number}.sv`, query: query.toString() });
}

export class RoundDocuments implements vscode.TextDocumentContentProvider {
  constructor(private readonly client: LanguageClient) {}

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const query = new URLSearchParams(uri.query);
    const subject = query.get("subject") || undefined;
    const answer = await this.client.sendRequest(testbenchRequest, { uri: subject, round: Number(query.get("round")) });
    return answer.text;
  }
}

function icon(round: Round): string {
  if (round.status !== "success") {
    return "error";
  }
  return round.author === "human" ? "account" : round.isBest ? "star-full" : "pass";
}

function color(round: Round): vscode.ThemeColor | undefined {
  if (round.status !== "success") {
    return new vscode.ThemeColor("testing.iconFailed");
  }
  return round.isBest ? new vscode.ThemeColor("testing.iconPassed") : undefined;
}
