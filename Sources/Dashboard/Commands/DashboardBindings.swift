import MeshKit
public import TerminalUI

/// The keys as shipped.
public enum DashboardBindings {
  /// Every binding, screen by screen, then those that count everywhere.
  public static var all: [Binding] { own + sheet + everywhere }

  private static func key(
    _ screen: ScreenID, _ id: String, _ keys: [Key], _ title: SafeText, _ description: SafeText
  ) -> Binding {
    Binding("\(screen.rawValue).\(id)", keys, title, description, context: screen.rawValue)
  }

  private static let own: [Binding] = [
    key(.overview, "open", [.enter], "open", "Open what is chosen on its own screen"),
    key(
      .topology, "follow", [.left, .right, .char("h"), .char("l")], "follow",
      "Follow the busiest edge to a caller or a callee"),
    key(.topology, "neighbour", [.up, .down, .char("j"), .char("k")], "", "Choose the neighbour above or below"),
    key(.topology, "open", [.enter], "open", "Open the chosen node"),
    key(
      .topology, "edge", [.tab, .backTab], "", "Choose the next or the previous edge of the node; arrows follow it"),
    key(.topology, "flow", [.char("v")], "edge", "Open the chosen edge, or the busiest of the node"),
    key(.topology, "focus", [.char("f")], "focus", "Show only what is near the chosen node, or all again"),
    key(.topology, "farther", [.char("+")], "hops", "Show one hop more around the focus"),
    key(.topology, "nearer", [.char("-")], "", "Show one hop less around the focus"),
    key(
      .topology, "group", [.char("n")], "group", "Draw namespaces, clusters or planes rather than workloads, in turn"),
    key(.topology, "idle", [.char("i")], "idle", "Show or hide nodes without traffic"),
    key(.services, "open", [.enter], "open", "Open edges, endpoints and policies of the chosen row"),
    key(.services, "pane", [.tab], "workloads", "Change between services and workloads"),
    key(.routes, "edit", [.char("e")], "edit", "Edit timeout, retries, fault, mirror and headers of the rule"),
    key(.routes, "native", [.char("E")], "edit YAML", "Edit the native object in $EDITOR"),
    key(.routes, "open", [.enter], "open", "Show everything the chosen rule says"),
    key(.canaries, "more", [.char("+")], "more", "Move weight to the backend, from the largest other"),
    key(.canaries, "less", [.char("-")], "less", "Move weight away from the backend, to the largest other"),
    key(.canaries, "number", [.char("="), .char("e")], "type", "Type the backend's weight"),
    key(.canaries, "apply", [.char("a"), .enter], "plan", "Open the plan sheet for the draft"),
    key(.canaries, "undo", [.char("u")], "undo", "Take back the newest plan applied from here"),
    key(.mtls, "set", [.char("m")], "set mode", "Set the mTLS mode of the mesh, a namespace, a workload or a port"),
    key(.mtls, "check", [.char("c")], "what breaks", "Tell who would break under another mode; nothing is written"),
    key(.mtls, "open", [.enter], "open", "Show the chain of reasons"),
    key(.mtls, "pane", [.tab], "accepted", "Change between pairs and what each workload accepts"),
    key(.proxies, "open", [.enter], "open", "Ask the chosen proxy what it runs, beside what is configured"),
    key(.findings, "open", [.enter], "open", "Open the object at the line"),
    key(.findings, "severity", [.char("v")], "severity", "Show errors, errors and warnings, or everything"),
    key(.findings, "fix", [.char("f")], "fix", "Open the plan that fixes it, where that takes no decision"),
    key(.findings, "ignore", [.char("i")], "ignore", "Ignore the finding with a reason, or take it up again"),
    key(.findings, "pane", [.tab], "ignored", "Show the ignored findings too, or leave them out"),
    key(.findings, "native", [.char("E")], "edit YAML", "Edit the native object in $EDITOR"),
    key(.journal, "open", [.enter], "open", "Show the receipt"),
    key(.journal, "undo", [.char("u")], "undo", "Take the chosen plan back"),
    key(.journal, "confirm", [.char("c")], "confirm", "Let the chosen plan stand that waits for a confirmation"),
    key(.journal, "diff", [.char("d")], "diff", "Show what the chosen plan changed"),
    key(.planes, "open", [.enter], "open", "Show capabilities and feeds of the chosen plane"),
    key(.planes, "check", [.char("c")], "check", "Run the checks of the chosen plane"),
    key(
      .planes, "reconnect", [.char("r")], "reconnect", "Follow the chosen plane anew, without waiting for its next turn"
    ),
    key(.planes, "read-only", [.char("R")], "read-only", "Write nothing from this dashboard, or let it write again"),
  ]

  private static func sheetKey(_ id: String, _ keys: [Key], _ title: SafeText, _ description: SafeText) -> Binding {
    Binding("plan.\(id)", keys, title, description, context: PlanSheet.context)
  }

  private static let sheet: [Binding] = [
    sheetKey("apply", [.enter, .char("a")], "apply", "Apply the plan"),
    sheetKey("wait", [.char("w")], "wait", "Wait for the proxies after the last step; a rejection takes the plan back"),
    sheetKey("confirmed", [.char("c")], "confirm", "Take it back unless it is confirmed in time"),
    sheetKey("confirm", [.char("C")], "confirm", "Let it stand"),
    sheetKey("undo", [.char("u")], "undo", "Take it back"),
    sheetKey("reason", [.char("r")], "reason", "Write why"),
    sheetKey("diff", [.char("d")], "whole diff", "Show every line, or the changes"),
    sheetKey(
      "move", [.char("j"), .char("k"), .down, .up, .pageDown, .pageUp, .home, .end, .char("g"), .char("G")], "scroll",
      "Move the sheet"),
    sheetKey("close", [.escape, .char("q")], "close", "Close the sheet"),
    sheetKey("query", [.char("Q")], "how known", "Show the queries behind the numbers"),
    sheetKey("help", [.char("?")], "help", "Show these keys"),
  ]

  private static let everywhere: [Binding] = [
    Binding(
      "filter", [.char("/")], "filter", "Narrow the screen: text, !text, rps > 5, err > 1%, ns = shop, hide: idle"),
    Binding(
      "command", [.char(":")], "command", "Type a command: canary set, route set, mtls set, get, describe, undo, q"),
    Binding("help", [.char("?")], "help", "Show these keys"),
    Binding(
      "query", [.char("Q")], "how known",
      "Show the queries behind the numbers, their age, and the same as a command line"),
    Binding("why", [.char("w")], "why", "Show why the chosen row is judged as it is"),
    Binding("native", [.char("y")], "native", "Show the native object as YAML"),
    Binding(
      "confirm", [.char("C")], "confirm", "Let the plan stand whose time to be confirmed ends first", isHint: false),
    Binding("sort", [.char("s")], "sort", "Sort by the next column", isHint: false),
    Binding("reverse", [.char("S")], "reverse", "Turn the order round", isHint: false),
    Binding("mark", [.space], "mark", "Mark the row, or take its mark off; x and Q go for all marked", isHint: false),
    Binding(
      "copy", [.char("x")], "copy", "Copy the identifiers of the marked rows, or of the chosen (OSC 52)", isHint: false),
    Binding("columns", [.char("o")], "columns", "Choose the columns of the table", isHint: false),
    Binding("earlier", [.char("[")], "earlier", "Step back through what this dashboard has seen", isHint: false),
    Binding("later", [.char("]")], "later", "Step forward again; past the newest is now", isHint: false),
    Binding(
      "pause", [.char("p")], "pause", "Let the screen stand still, or move again; from the past, back to now",
      isHint: false),
    Binding("theme", [.char("t")], "theme", "Change to the next theme", isHint: false),
    Binding(
      "move", [.up, .down, .char("k"), .char("j"), .pageUp, .pageDown, .home, .end, .char("g"), .char("G")], "move",
      "Choose a row", isHint: false),
    Binding("back", [.escape], "back", "Close, drop the draft, clear the filter", isHint: false),
    Binding(
      "screens", "1234567890".map { Key.char($0) }, "screens", "Open a screen", isHint: false),
    Binding("redraw", [.ctrl("l")], "redraw", "Draw the screen anew", isHint: false),
    Binding("suspend", [.ctrl("z")], "suspend", "Go to the shell; fg comes back", isHint: false),
    Binding("quit", [.char("q"), .ctrl("c")], "quit", "Leave; asks only when something is pending"),
  ]
}

extension DashboardState {
  /// The keymap with the reasons why a key cannot be used now.
  var currentKeymap: Keymap {
    Keymap(
      keymap.bindings.map { binding in
        guard binding.context == screen.rawValue || binding.context == Binding.everywhere else { return binding }
        return binding.disabled(disabledReason(binding.id))
      })
  }

  /// Why a binding cannot be used now; `nil` where it can.
  func disabledReason(_ id: String) -> SafeText? {
    if pastIndex != nil, Self.writing.contains(id) { return "this is the past; p goes back to now" }
    return switch id {
    case "canaries.more", "canaries.less", "canaries.number", "canaries.apply": writeRefusal(.editWeights)
    case "routes.edit", "routes.native", "findings.native": writeRefusal(.editRules)
    case "findings.fix": fixRefusal
    case "mtls.set": writeRefusal(.editMTLS)
    case "canaries.undo", "journal.undo": isReadOnly ? "read-only" : nil
    case "planes.read-only": readOnlyRefusal
    case "confirm": confirmationRefusal
    case "journal.confirm":
      if case .receipt(let receipt)? = chosenRow, (secondsToConfirm(receipt) ?? 0) > 0 {
        nil
      } else {
        "the chosen plan waits for no confirmation"
      }
    default: nil
    }
  }

  /// What leads to a write, or begins from what stands on the screen.
  private static let writing: Set<String> = [
    "canaries.more", "canaries.less", "canaries.number", "canaries.apply", "canaries.undo", "routes.edit",
    "routes.native", "findings.native", "findings.fix", "mtls.set", "mtls.check", "journal.undo", "proxies.open",
    "planes.check", "planes.reconnect",
  ]

  /// Why read-only cannot be switched on or off now; `nil` where it can.
  var readOnlyRefusal: SafeText? {
    if isReadOnlyForGood { return "it was started or configured so" }
    // What nobody confirms is taken back by a write.
    return isWriting ? "a plan is being applied or waits for its confirmation" : nil
  }

  private var fixRefusal: SafeText? {
    guard case .finding(let finding)? = chosenRow else { return "nothing is chosen" }
    return finding.isMechanical ? writeRefusal(.editRules) : "this takes a decision of yours; w tells what to do"
  }

  private func writeRefusal(_ ability: Capabilities.Ability) -> SafeText? {
    if isReadOnly { return "read-only" }
    guard let plane = chosenRow?.plane,
      let status = view?.planes.first(where: { $0.plane.name == plane })
    else { return nil }
    // What has not been probed yet is left for the server to refuse.
    guard case .no(let reason)? = status.plane.capabilities.answers[ability] else { return nil }
    return "\(reason)"
  }
}
