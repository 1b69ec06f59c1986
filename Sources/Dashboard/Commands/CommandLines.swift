import MeshKit

/// The command lines that ask what a screen shows, made of the words that the program parses.
enum CommandLines {
  /// The lines for what the operator looks at: the screen first, then the chosen row, then the draft, then what is marked.
  static func lines(_ state: DashboardState) -> [[String]] {
    var lines = [screen(state)]
    if let row = state.chosenRow {
      lines += self.row(row, state)
    } else if state.screen == .topology, let ref = state.chosenNative, ref.kind == "workload" {
      lines.append(describe(.workload, ref, state))
    }
    if state.screen == .topology, let source = state.topology.edge?.source, state.chosenWire != nil {
      let place = source.namespace.isEmpty ? [CommandOption.allNamespaces.typed] : place(source, state)
      lines.append(words(.get) + [ListKind.edges.rawValue] + place + [CommandOption.output.typed, "wide"])
    }
    for row in state.rows where state.place.marked.contains(row.id) && row.id != state.chosenRow?.id {
      lines += self.row(row, state)
    }
    var seen: Set<[String]> = []
    return lines.filter { seen.insert($0).inserted }.prefix(12).map { ["meshdeck"] + $0 }
  }

  /// A line as it is typed into a shell.
  static func typed(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

  /// A word that a shell takes for itself, in quotes where it needs them.
  static func quoted(_ word: String) -> String {
    let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,%+@"
    if !word.isEmpty, word.allSatisfy({ plain.contains($0) }) { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
  }

  private static func screen(_ state: DashboardState) -> [String] {
    let all = [CommandOption.allNamespaces.typed]
    let kind: ListKind
    switch state.screen {
    case .findings where state.place.isAlternate: return words(.analyze) + all + ["--all"]
    case .overview, .findings: return words(.analyze) + all
    case .topology: return words(.graph) + all
    case .services: kind = state.place.isAlternate ? .workloads : .services
    case .routes: kind = .routes
    case .canaries: kind = .splits
    case .mtls: return words(.mtls, state.place.isAlternate ? .show : .matrix) + all
    case .proxies: kind = .proxies
    case .journal: return words(.history)
    case .planes: return words(.planes, .list)
    }
    return words(.get) + [kind.rawValue] + all
  }

  private static func row(_ row: Row, _ state: DashboardState) -> [[String]] {
    switch row {
    case .attention(let row):
      return row.native.map { [words(.describe) + [$0.description]] } ?? []
    case .health(let row):
      return [describe(state.place.isAlternate ? .workload : .service, row.ref, state)]
    case .routeHead(let route): return [describe(.route, route.ref, state)]
    case .rule(let row): return [describe(.route, row.route.ref, state)]
    case .splitHead(let split): return [named(words(.canary, .show), split.route, state)]
    case .backend(let row):
      let route = row.split.route
      guard let draft = state.drafts[SplitKey(row.split)], draft.isChanged else {
        return [named(words(.canary, .show), route, state)]
      }
      let intent = draft.intent(route)
      var line = words(.canary, .set) + [route.name] + intent.weights.map { "\($0.backend)=\(intent.text(of: $0))" }
      if let rule = intent.rule { line += [CommandOption.rule.typed, rule] }
      return [named(words(.canary, .show), route, state), line + place(route, state)]
    case .pair(let pair): return [named(words(.mtls, .show), pair.server, state)]
    case .accepted(let row): return [named(words(.mtls, .show), row.workload, state)]
    case .proxy(let row): return [describe(.proxy, row.state.ref, state)]
    case .finding(let finding): return [words(.describe) + [finding.object.description]]
    case .receipt(let receipt): return [words(.history) + [receipt.plan.id]]
    case .plane(let row): return [words(.planes, .check) + [CommandOption.plane.typed, row.status.plane.name]]
    }
  }

  private static func words(_ words: CommandWord...) -> [String] { words.map(\.rawValue) }

  private static func describe(_ kind: DescribeKind, _ ref: ObjectRef, _ state: DashboardState) -> [String] {
    words(.describe) + ["\(kind.rawValue)/\(ref.name)"] + place(ref, state)
  }

  private static func named(_ words: [String], _ ref: ObjectRef, _ state: DashboardState) -> [String] {
    words + [ref.name] + place(ref, state)
  }

  /// The namespace, and the plane where there are several.
  private static func place(_ ref: ObjectRef, _ state: DashboardState) -> [String] {
    var words: [String] = []
    if !ref.namespace.isEmpty { words += [CommandOption.namespace.typed, ref.namespace] }
    if (state.view?.planes.count ?? 0) > 1 { words += [CommandOption.plane.typed, ref.plane] }
    return words
  }
}
