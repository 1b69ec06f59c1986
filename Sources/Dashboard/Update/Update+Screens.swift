import MeshKit
import TerminalUI

extension Update {
  /// A key of the open screen's own.
  func screenKey(_ id: String, _ key: Key, _ state: inout DashboardState) -> [Effect<Message>] {
    switch id {
    case "overview.open": return openAttention(&state)
    case "services.open":
      guard let row = state.chosenRow else { return [] }
      (state.place.detail, state.place.detailOffset) = (row.id, 0)
      return refresh(&state)
    case "services.pane", "mtls.pane", "findings.pane":
      state.place.isAlternate.toggle()
      (state.place.chosen, state.place.list, state.place.detail, state.place.sort) = (nil, ListState(), nil, nil)
      return refresh(&state)
    case "routes.open", "mtls.open", "planes.open": state.overlay = .text(Explanations.why(state))
    case "proxies.open":
      guard case .proxy(let row)? = state.chosenRow, let view = state.view else { return [] }
      state.toast = Toast("asking \(row.state.ref.name)…", .info)
      return [effects.inspect(row, from: view)]
    case "routes.edit": editRule(&state)
    case "routes.native", "findings.native":
      guard let ref = state.chosenNative else { return [] }
      state.toast = Toast("fetching \(ref.description)…", .info)
      return [effects.fetch(ref)]
    case "canaries.more": moveWeight(1, &state)
    case "canaries.less": moveWeight(-1, &state)
    case "canaries.number":
      guard case .backend(let row)? = state.chosenRow, let backend = row.backend else { return [] }
      let draft = state.drafts[SplitKey(row.split)] ?? WeightDraft(row.split)
      state.input = InputLine(purpose: .weight, editor: LineEditor(""))
      state.toast = Toast("weight of \(backend.name), of \(draft.text(draft.total))", .info)
    case "canaries.apply": return applyDraft(&state)
    case "canaries.undo": return undoNewest(&state)
    case "mtls.set", "mtls.check": openModeForm(isCheck: id == "mtls.check", &state)
    case "findings.open":
      guard case .finding(let finding)? = state.chosenRow else { return [] }
      return [effects.show(finding.object, at: finding.pointer)]
    case "findings.fix":
      guard case .finding(let finding)? = state.chosenRow else { return [] }
      return [effects.fix(finding)]
    case "findings.ignore": return ignore(&state)
    case "findings.severity":
      let next = ["": "severity = error", "severity = error": "!severity = info", "!severity = info": ""]
      state.place.filter = next[state.place.filter] ?? "severity = error"
      return refresh(&state)
    case "journal.open", "journal.diff": state.overlay = .text(Explanations.why(state))
    case "journal.undo":
      guard case .receipt(let receipt)? = state.chosenRow else { return [] }
      return openUndo(receipt, &state)
    case "journal.confirm":
      guard case .receipt(let receipt)? = state.chosenRow else { return [] }
      return [effects.confirm(receipt.plan.id)]
    case "planes.check":
      guard let plane = state.chosenRow?.plane else { return [] }
      state.toast = Toast("checking \(plane)…", .info)
      return [effects.check(plane)]
    case "planes.reconnect":
      guard let plane = state.chosenRow?.plane else { return [] }
      return reconnect(plane, &state)
    case "planes.read-only": return switchReadOnly(&state)
    default: return topologyKey(id, key, &state)
    }
    return []
  }

  /// Follows a plane anew.
  func reconnect(_ plane: PlaneName, _ state: inout DashboardState) -> [Effect<Message>] {
    state.toast = Toast("following \(plane) anew…", .info)
    return [effects.reconnect(plane)]
  }

  /// Refuses to write from now on, or allows it again.
  func switchReadOnly(_ state: inout DashboardState) -> [Effect<Message>] {
    state.isReadOnly.toggle()
    state.toast = Toast(state.isReadOnly ? "read-only: nothing is written" : "writing is allowed again", .info)
    return [effects.refuseWrites(state.isReadOnly)]
  }

  private func openAttention(_ state: inout DashboardState) -> [Effect<Message>] {
    guard case .attention(let row)? = state.chosenRow else { return [] }
    return choose(row.targetRow, on: row.target, &state)
  }

  private func moveWeight(_ direction: Int, _ state: inout DashboardState) {
    guard case .backend(let row)? = state.chosenRow else { return }
    let key = SplitKey(row.split)
    var draft = state.drafts[key] ?? WeightDraft(row.split)
    let before = draft.entries
    draft.move(direction, at: row.place)
    if draft.entries == before, before.indices.contains(row.place) {
      let name = before[row.place].name
      let why: SafeText =
        direction > 0
        ? "the other backends have no weight left to give to \(name)" : "\(name) has no weight left to give away"
      state.toast = Toast(why, .info)
    }
    state.drafts[key] = draft.isChanged ? draft : nil
  }

  /// Sets the chosen backend's weight as typed.
  func setWeight(_ text: String, _ state: inout DashboardState) -> [Effect<Message>] {
    guard case .backend(let row)? = state.chosenRow else { return [] }
    let key = SplitKey(row.split)
    var draft = state.drafts[key] ?? WeightDraft(row.split)
    guard let wanted = draft.weight(typed: text.trimmed) else {
      state.toast = Toast("\(text) is no weight", .bad)
      return []
    }
    if wanted > draft.total {
      state.toast = Toast("the weights add up to \(draft.text(draft.total)): more cannot be given", .warn)
    }
    draft.set(wanted, at: row.place)
    state.drafts[key] = draft.isChanged ? draft : nil
    return []
  }

  private func applyDraft(_ state: inout DashboardState) -> [Effect<Message>] {
    guard case .backend(let row)? = state.chosenRow else { return [] }
    guard let draft = state.drafts[SplitKey(row.split)] else {
      state.overlay = .text(Explanations.why(state))
      return []
    }
    return openPlan(.apply(.weights(draft.intent(row.split.route))), &state)
  }

  private func undoNewest(_ state: inout DashboardState) -> [Effect<Message>] {
    guard let receipt = state.receipts.first(where: \.isUndoable) else {
      state.toast = Toast("the journal holds nothing to take back", .info)
      return []
    }
    return openUndo(receipt, &state)
  }

  private func topologyKey(_ id: String, _ key: Key, _ state: inout DashboardState) -> [Effect<Message>] {
    guard let graph = state.data[.topology]?.graph else { return [] }
    let chosen = graph.index(of: state.place.chosen.flatMap { ObjectRef($0) })
    switch id {
    case "topology.follow", "topology.neighbour":
      let along = state.chosenWire
      let next = chosen.map { graph.neighbour(of: $0, along: along, key) } ?? graph.busiest
      if let next, graph.boxes.indices.contains(next) {
        state.place.chosen = graph.boxes[next].node.ref.description
      }
      return []
    case "topology.open":
      guard let chosen else { return [] }
      let ref = graph.boxes[chosen].node.ref
      guard let filter = GraphSelection.filter(ofGroup: ref, in: state.view) else { return openDetail(ref, &state) }
      return list(.services, isAlternate: false, filter: filter, &state)
    case "topology.edge", "topology.flow":
      guard let chosen else { return [] }
      let wires = graph.wires(at: chosen)
      guard !wires.isEmpty else {
        state.toast = Toast("nothing was seen to flow here", .info)
        return []
      }
      let place = wires.firstIndex { graph.ends(of: $0) == state.topology.edge }
      if id == "topology.flow" {
        let wire = wires[place ?? 0]
        state.topology.edge = graph.ends(of: wire)
        state.overlay = .text(Explanations.flow(wire, between: graph.ends(of: wire), state))
        return []
      }
      let next = key == .backTab ? (place ?? 0) + wires.count - 1 : place.map { $0 + 1 } ?? 0
      state.topology.edge = graph.ends(of: wires[next % wires.count])
      return []
    case "topology.focus":
      state.topology.focus = state.topology.focus == nil ? chosen.map { graph.boxes[$0].node.ref } : nil
    case "topology.farther": state.topology.hops = min(state.topology.hops + 1, 9)
    case "topology.nearer": state.topology.hops = max(state.topology.hops - 1, 1)
    case "topology.group":
      state.topology.grouping = state.topology.grouping.next(ofSeveralPlanes: (state.view?.planes.count ?? 0) > 1)
      (state.topology.focus, state.topology.edge) = (nil, nil)
    case "topology.idle": state.topology.showsIdle.toggle()
    default: return []
    }
    return refresh(&state)
  }
}

extension GraphLayout {
  /// The box with the most traffic.
  var busiest: Int? {
    var rates: [Int: Double] = [:]
    for wire in wires {
      rates[wire.source, default: 0] += wire.traffic.rps
      rates[wire.destination, default: 0] += wire.traffic.rps
    }
    return boxes.indices.max { (rates[$0] ?? 0, -$0) < (rates[$1] ?? 0, -$1) }
  }
}
