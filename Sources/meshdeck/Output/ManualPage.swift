import ArgumentParser
import Dashboard
import MeshKit
import TerminalUI

/// The manual page in roff, made from what `--help` knows, so that the two cannot differ.
enum ManualPage {
  /// The page of the program and all its commands, for section 1.
  static func text() throws -> String {
    let tool = try JSONValue(parsing: Meshdeck._dumpHelp())
    guard let command = tool["command"] else { return "" }
    var lines = [".TH MESHDECK 1 \"\" \"meshdeck \(Version.text)\" \"User Commands\"", ".SH NAME"]
    lines.append("meshdeck \\- \(escaped(command["abstract"]?.string ?? ""))")
    lines += [".SH SYNOPSIS", ".B meshdeck", "[COMMAND] [OPTIONS]", ".SH DESCRIPTION"]
    lines += paragraphs(command["discussion"]?.string ?? "")
    lines.append(".SH COMMANDS")
    for subcommand in command["subcommands"]?.array ?? [] { write(subcommand, path: "meshdeck", to: &lines) }
    lines += [
      ".SH KEYS",
      "The dashboard's keys by the names under which \\(oqkeys\\(cq of the configuration gives them others.",
    ]
    for binding in DashboardBindings.all {
      let keys = binding.keys.map(\.notation).joined(separator: " ")
      lines += [".TP", ".B \(escaped("\(binding.id): \(keys)"))", escaped(binding.description.text)]
    }
    lines += [".SH FILES", ".TP", "~/.config/meshdeck/config.yaml", "The planes, the theme, the keys."]
    lines += [".TP", "~/.local/state/meshdeck/journal.jsonl", "The plans applied from here."]
    lines += [".TP", "~/.local/state/meshdeck/ignored.json", "The findings that are ignored, by whom and why."]
    lines += [".SH ENVIRONMENT", "KUBECONFIG, XDG_CONFIG_HOME, XDG_STATE_HOME, NO_COLOR, VISUAL, EDITOR"]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func write(_ command: JSONValue, path: String, to lines: inout [String]) {
    guard let name = command["commandName"]?.string, name != "help" else { return }
    let path = "\(path) \(name)"
    lines.append(".SS \(escaped(path))")
    lines.append(escaped(command["abstract"]?.string ?? ""))
    lines += paragraphs(command["discussion"]?.string ?? "")
    for argument in command["arguments"]?.array ?? [] where argument["shouldDisplay"]?.bool != false {
      lines += [".TP", ".B \(escaped(spelling(argument)))", escaped(argument["abstract"]?.string ?? "")]
    }
    for subcommand in command["subcommands"]?.array ?? [] { write(subcommand, path: path, to: &lines) }
  }

  private static func spelling(_ argument: JSONValue) -> String {
    let value = argument["valueName"]?.string ?? ""
    guard argument["kind"]?.string != "positional" else { return value.uppercased() }
    let names = (argument["names"]?.array ?? []).map { name in
      (name["kind"]?.string == "short" ? "-" : "--") + (name["name"]?.string ?? "")
    }
    return names.joined(separator: ", ") + (argument["kind"]?.string == "option" ? " \(value.uppercased())" : "")
  }

  private static func paragraphs(_ text: String) -> [String] {
    guard !text.isEmpty else { return [] }
    return [".PP", ".nf"] + text.split(separator: "\n", omittingEmptySubsequences: false).map { escaped(String($0)) }
      + [".fi"]
  }

  /// Text in which roff finds no command: backslashes, leading dots and quotes, and hyphens that are to stay hyphens.
  private static func escaped(_ text: String) -> String {
    let body = text.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      default: result.append(character)
      }
    }
    return body.hasPrefix(".") || body.hasPrefix("'") ? "\\&" + body : body
  }
}
