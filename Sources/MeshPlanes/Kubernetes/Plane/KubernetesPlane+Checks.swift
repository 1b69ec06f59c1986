import MeshModel
import MeshTransport

extension KubernetesPlane {
  /// Checks configuration, reachability, version, clock, identity, dialects and permissions, in this order, and then what
  /// the cloud that runs the cluster tells of it.
  public func check() async -> [PlaneCheck] {
    let own = await ownChecks()
    return own + (await managed?.check() ?? [])
  }

  private func ownChecks() async -> [PlaneCheck] {
    var checks: [PlaneCheck] = []
    for warning in connection.warnings { checks.add("configuration", .warning, warning) }

    do throws(MeshError) {
      let (version, headers) = try await client.version()
      checks.add("reachable", .ok, "\(client.session.origin) answers")
      checks.add("version", .ok, "Kubernetes \(version)")
      checks.append(
        .clock(
          headers, now: clock.wallSeconds(), remedy: "set the clock: ages, certificates and tokens depend on it"))
    } catch {
      let isIdentity = error.code == .unauthenticated || error.code == .forbidden
      checks.add(isIdentity ? "identity" : "reachable", .failed, error.message, remedy: error.remedy)
      for name in isIdentity ? ["permissions", "dialects"] : ["identity", "permissions", "dialects"] {
        checks.add(name, .skipped, "not asked, since the check before failed")
      }
      return checks
    }

    do throws(MeshError) {
      if let identity = try await client.identity() {
        let isAnonymous = identity.user == "system:anonymous"
        checks.add(
          "identity", isAnonymous ? .warning : .ok, identity.user,
          remedy: isAnonymous ? "give the user of this context credentials" : nil)
      } else {
        checks.add("identity", .skipped, "this server does not tell who we are")
      }
    } catch {
      checks.add("identity", error.code == .unauthenticated ? .failed : .warning, error.message, remedy: error.remedy)
    }

    do throws(MeshError) {
      let index = try await catalog.current(fresh: true)
      let readers = readers(index)
      checks.append(contentsOf: dialectChecks(index, readers))
      checks.append(contentsOf: await permissionChecks(readers))
      let installed = Set(readers.compactMap { $0.dialect?.dialect })
      for dialect in dialects where installed.contains(dialect.dialect) {
        checks += await dialect.checks(using: access)
      }
    } catch {
      checks.add("dialects", .failed, error.message, remedy: error.remedy)
      checks.add("permissions", .skipped, "not asked, since the check before failed")
    }
    return checks
  }

  private func dialectChecks(_ index: APIIndex, _ readers: [ResourceReader]) -> [PlaneCheck] {
    var checks: [PlaneCheck] = []
    for dialect in dialects {
      let found = readers.filter { $0.dialect?.dialect == dialect.dialect }
      let versions = Set(found.map(\.served.apiVersion)).sorted().joined(separator: ", ")
      checks.append(
        PlaneCheck(
          name: "dialects", result: found.isEmpty ? .skipped : .ok,
          detail: found.isEmpty
            ? "\(dialect.dialect.rawValue) is not installed" : "\(dialect.dialect.rawValue): \(versions)"))
    }
    for (group, reason) in index.broken.sorted(by: { $0.key < $1.key }) {
      checks.append(
        PlaneCheck(
          name: "discovery", result: .warning, detail: "group \(group) is not available: \(reason)",
          remedy: "look at the APIService and the server behind it"))
    }
    return checks
  }

  private func permissionChecks(_ readers: [ResourceReader]) async -> [PlaneCheck] {
    let gate = ListGate(4)
    let questions = readers.flatMap { reader in
      (reader.dialect == nil ? ["list", "watch"] : ["list", "watch", "patch"]).map {
        KubernetesClient.AccessQuestion(verb: $0, group: reader.served.group, plural: reader.served.plural)
      }
    }
    let answers = await withTaskGroup(of: (Int, Capabilities.Answer).self) { group in
      for (number, question) in questions.enumerated() {
        group.addTask {
          await gate.enter()
          let answer = await self.permissions.answer(question)
          await gate.leave()
          return (number, answer)
        }
      }
      return await group.reduce(into: [Int: Capabilities.Answer]()) { $0[$1.0] = $1.1 }
    }
    return ["list", "watch", "patch"].compactMap { verb in
      let asked = questions.indices.filter { questions[$0].verb == verb }
      guard !asked.isEmpty else { return nil }
      let denied = asked.filter { answers[$0]?.isYes != true }.map { questions[$0].plural }
      guard !denied.isEmpty else {
        return PlaneCheck(name: "permissions", result: .ok, detail: "may \(verb) all \(asked.count) kinds in use")
      }
      return PlaneCheck(
        name: "permissions", result: verb == "list" && denied.count == asked.count ? .failed : .warning,
        detail: "may not \(verb) \(denied.joined(separator: ", ")) in all namespaces",
        remedy: "ask for a ClusterRole with this verb, if it is needed")
    }
  }
}
