import MeshModel
import MeshTransport

extension TrafficDirectorPlane {
  /// Checks credentials, identity, quota project, APIs, clock, reachability and permissions, in this order.
  public func check() async -> [PlaneCheck] {
    var checks: [PlaneCheck] = []
    do throws(MeshError) {
      if let token = try await identity.token() {
        checks.add("credentials", .ok, token.source)
        await tellIdentity(token, &checks)
        let quota = identity.quotaProject(of: token)
        let isUser = token.source.hasPrefix("user login")
        checks.add(
          "quota project", quota == nil && isUser ? .warning : .ok,
          quota ?? (isUser ? "none: Google may refuse a user's calls without one" : "that of the credentials"),
          remedy: quota == nil && isUser ? "gcloud auth application-default set-quota-project \(project)" : nil)
      } else {
        checks.add("credentials", .ok, "none are named, and the endpoint is on this machine: nobody in particular asks")
        checks.add("identity", .ok, "nobody in particular")
      }
    } catch {
      checks.add("credentials", .failed, error.message, remedy: error.remedy)
      for name in ["identity", "reachable", "permissions"] {
        checks.add(name, .skipped, "not asked, since the check before failed")
      }
      return checks
    }
    checks.append(await enabled())
    await reach(&checks)
    return checks
  }

  private func tellIdentity(_ token: GoogleToken, _ checks: inout [PlaneCheck]) async {
    var account = token.account
    if account == nil {
      // A token tells its account only where it was given for one; a login without that scope stays nameless.
      let answer = try? await client.get(client.accounts, "/oauth2/v3/userinfo", what: "ask who we are")
      account = answer?["email"]?.string ?? answer?["sub"]?.string.map { "subject \($0)" }
    }
    checks.append(
      account.map { PlaneCheck(name: "identity", result: .ok, detail: $0) }
        ?? PlaneCheck(name: "identity", result: .skipped, detail: "the token does not tell whose it is"))
  }

  /// Whether the three APIs are enabled in the project.
  private func enabled() async -> PlaneCheck {
    let names = TrafficDirectorKind.API.allCases.map(\.name) + ["trafficdirector.googleapis.com"]
    do throws(MeshError) {
      let path = "/v1/projects/\(PercentCoding.encode(project))/services:batchGet"
      let answer = try await client.get(
        client.usage, path,
        query: names.map { ("names", "projects/\(project)/services/\($0)") }, what: "ask which APIs are enabled")
      let on = Set(
        (answer["services"]?.array ?? []).filter { $0["state"]?.string == "ENABLED" }
          .compactMap { $0["name"]?.string?.split(separator: "/").last.map(String.init) })
      let off = names.filter { !on.contains($0) }
      if off.isEmpty {
        return PlaneCheck(name: "apis", result: .ok, detail: "\(names.joined(separator: ", ")) are enabled")
      }
      return PlaneCheck(
        name: "apis", result: .warning, detail: "not enabled: \(off.joined(separator: ", "))",
        remedy: "gcloud services enable \(off.joined(separator: " ")) --project \(project)")
    } catch {
      return PlaneCheck(name: "apis", result: .skipped, detail: "which are enabled cannot be asked: \(error.message)")
    }
  }

  private func reach(_ checks: inout [PlaneCheck]) async {
    let session = client.session(.services)
    do throws(MeshError) {
      let path = TrafficDirectorName(kind: .mesh, location: location, id: "").collectionPath(project: project)
      let (_, headers) = try await client.send(
        session, session.request(.get, path, query: [("pageSize", "1")]), "list meshes", nil)
      checks.add("reachable", .ok, "\(session.origin) answers")
      checks.append(
        .clock(
          headers, now: clock.wallSeconds(), remedy: "set the clock: Google refuses statements of another time"))
      let reading = try await catalog.read(Set(TrafficDirectorKind.allCases), instances: false)
      let counts = TrafficDirectorKind.allCases.compactMap { kind in
        reading.objects[kind].map { $0.count.counted(of: kind.collection) }
      }
      if !counts.isEmpty { checks.add("permissions", .ok, "may read \(counts.joined(separator: ", "))") }
      for (kind, gap) in reading.gaps.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        let wanted = "ask for \(kind.api.rawValue).\(kind.collection).list on project \(project)"
        checks.add("permissions", .warning, gap.message, remedy: gap.code == .forbidden ? wanted : gap.remedy)
      }
      for (kind, gap) in reading.partial.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        checks.add(
          "regions", .warning, "\(kind.collection): \(gap)", remedy: "they are read again; what was known stays shown")
      }
    } catch {
      let isAnswered = error.code == .forbidden || error.code == .unauthenticated || error.code == .notFound
      checks.add(isAnswered ? "permissions" : "reachable", .failed, error.message, remedy: error.remedy)
      return
    }
    await writing(&checks)
  }

  private func writing(_ checks: inout [PlaneCheck]) async {
    if case .refused(let reason) = client.writes {
      checks.append(PlaneCheck(name: "writing", result: .skipped, detail: "not allowed here: \(reason)"))
      return
    }
    let kinds: [TrafficDirectorKind] = [
      .httpRoute, .grpcRoute, .tcpRoute, .tlsRoute, .serverTLSPolicy, .backendService,
    ]
    let wanted = kinds.map { "\($0.api.rawValue).\($0.collection).update" }
    do throws(MeshError) {
      let granted = try await granted(wanted)
      let lacking = wanted.filter { !granted.contains($0) }
      let may = wanted.filter { granted.contains($0) }
      checks.append(
        PlaneCheck(
          name: "writing", result: lacking.isEmpty ? .ok : .warning,
          detail: lacking.isEmpty
            ? "may \(may.joined(separator: ", "))"
            : "may not \(lacking.joined(separator: ", "))\(may.isEmpty ? "" : "; may \(may.joined(separator: ", "))")",
          remedy: lacking.isEmpty ? nil : "ask for the permissions, or add the plane with readOnly: true"))
    } catch {
      checks.append(
        PlaneCheck(name: "writing", result: .skipped, detail: "what one may write cannot be asked: \(error.message)"))
    }
  }

  /// Those of some permissions that one has on the project. Source: Cloud Resource Manager v1, `testIamPermissions`.
  func granted(_ permissions: [String]) async throws(MeshError) -> Set<String> {
    let answer = try await client.ask(
      client.resources, "/v1/projects/\(PercentCoding.encode(project)):testIamPermissions",
      ["permissions": .array(permissions.map(JSONValue.string))], what: "ask for permissions")
    return Set((answer["permissions"]?.array ?? []).compactMap(\.string))
  }
}
