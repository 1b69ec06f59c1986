import MeshModel

/// How a Canary of Flagger is let on or taken back: by a field of its own where there is one, else by its webhooks.
///
/// Sources: Flagger, "Webhooks", Manual Gating: a gate at `/gate/halt` opens at `/gate/approve`, one at `/gate/check` is
/// driven by its tester, as a rollback at `/rollback/check` is; "Deployment Strategies": `spec.skipAnalysis` ends an analysis
/// under way and promotes.
struct CanaryMove {
  let owner: NativeObject

  init(_ owner: NativeObject) { self.owner = owner }

  private static let (halt, approve) = ("/gate/halt", "/gate/approve")

  /// Whether it promotes without analysis.
  static func skips(_ canary: JSONValue) -> Bool { canary["spec"]?["skipAnalysis"]?.bool ?? false }

  /// Its gates that stand open.
  static func openGates(_ canary: JSONValue) -> Int {
    webhooks(canary).count { $0["url"]?.string?.hasSuffix(approve) ?? false }
  }

  private static func webhooks(_ canary: JSONValue) -> [JSONValue] {
    canary["spec"]?["analysis"]?["webhooks"]?.array ?? []
  }

  private var phase: String { owner.json["status"]?["phase"]?.string ?? "none" }

  /// The Canary whose gate is opened, or whose analysis is ended.
  func promoted() throws(MeshError) -> JSONValue {
    guard owner.json["spec"]?["suspend"]?.bool != true else {
      throw refusal(
        "it is held by spec.suspend",
        "let it go first: meshdeck owner resume canary/\(owner.ref.name) -n \(owner.ref.namespace)")
    }
    switch phase {
    case "Waiting": return try opened(gate: "confirm-rollout")
    case "WaitingPromotion": return try opened(gate: "confirm-promotion")
    case "Progressing":
      guard !Self.skips(owner.json) else { throw refusal("it skips its analysis already", "wait for its promotion") }
      var json = owner.json
      json["spec"]?["skipAnalysis"] = true
      return json
    default:
      throw refusal("no analysis of it is under way (phase \(phase))", "deploy a new version; Flagger begins by itself")
    }
  }

  private func opened(gate type: String) throws(MeshError) -> JSONValue {
    let hooks = Self.webhooks(owner.json)
    guard let place = hooks.firstIndex(where: { $0["type"]?.string == type }), let url = hooks[place]["url"]?.string
    else {
      throw refusal("it waits, and has no webhook of type \(type)", "look at its events: kubectl describe")
    }
    if url.hasSuffix(Self.halt) {
      let pointer = JSONPointer(["spec", "analysis", "webhooks", String(place), "url"])
      do throws(JSONPatchError) {
        let open = String(url.dropLast(Self.halt.count)) + Self.approve
        return try JSONPatch([.replace(pointer, .string(open))]).applied(to: owner.json)
      } catch {
        throw refusal("its gate cannot be edited: \(error)", "edit \(pointer)")
      }
    }
    throw refusal(
      "its webhook at \(url) decides, not a field of it",
      command(url, "/gate/check", "/gate/open") ?? "have it answer 200"
    )
  }

  /// Why it is not aborted by an edit of it, with the command that does it.
  func abortion() -> MeshError {
    guard ["Progressing", "Waiting", "WaitingPromotion"].contains(phase) else {
      return refusal("there is nothing to abort (phase \(phase))", "look at it: kubectl describe canary")
    }
    let hook = Self.webhooks(owner.json).first { $0["type"]?.string == "rollback" }?["url"]?.string
    if let hook {
      return refusal(
        "its rollback webhook at \(hook) decides, not a field of it",
        command(hook, "/rollback/check", "/rollback/open") ?? "have it answer 200")
    }
    let target = owner.json["spec"]?["targetRef"]
    let kind = target?["kind"]?.string?.lowercased() ?? "deployment"
    return refusal(
      "no field of a Canary aborts it, and it has no webhook of type rollback",
      "kubectl -n \(owner.ref.namespace) rollout undo \(kind)/\(target?["name"]?.string ?? owner.ref.name), which Flagger "
        + "then brings out in its place")
  }

  /// The command that drives the tester behind a webhook; `nil` where it is another service, or no name of one.
  private func command(_ url: String, _ asked: String, _ wanted: String) -> String? {
    guard url.hasSuffix(asked), url.hasPrefix("http://") else { return nil }
    let host = url.dropFirst("http://".count).dropLast(asked.count).prefix { $0 != ":" }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    let isName = host.unicodeScalars.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-.".unicodeScalars.contains($0) }
    guard isName, let service = labels.first, !service.isEmpty else { return nil }
    let namespace = labels.count > 1 ? String(labels[1]) : owner.ref.namespace
    return "kubectl -n \(namespace) exec deploy/\(service) -- curl -d "
      + "'{\"name\":\"\(owner.ref.name)\",\"namespace\":\"\(owner.ref.namespace)\"}' http://localhost:8080\(wanted)"
  }

  private func refusal(_ reason: String, _ remedy: String) -> MeshError {
    MeshError(.refused, reason, object: owner.ref, remedy: remedy)
  }
}
