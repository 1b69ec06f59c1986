import MeshModel
import MeshTransport

extension ConsulPlane {
  /// Checks reachability, version, identity, permissions, the certificate authority and the clock, in this order.
  public func check() async -> [PlaneCheck] {
    var checks: [PlaneCheck] = []
    let leader: ConsulClient.Answer
    do throws(MeshError) {
      leader = try await client.get("/v1/status/leader", what: "ask for the leader")
    } catch {
      checks.add("reachable", .failed, error.message, remedy: error.remedy)
      for name in ["identity", "permissions", "certificates", "clock"] {
        checks.add(name, .skipped, "not asked, since the check before failed")
      }
      return checks
    }
    checks.add("reachable", .ok, "\(client.session.origin) answers")
    let place = leader.json.string ?? ""
    if place.isEmpty {
      checks.add("leader", .failed, "the servers have no leader: nothing can be written", remedy: "look at the servers")
    } else {
      checks.add("leader", .ok, "the servers' leader is \(place)")
    }
    var hasACLs: Bool?
    do throws(MeshError) {
      let agent = try await client.get("/v1/agent/self", what: "read the agent").json
      let config = agent["Config"]
      hasACLs = agent["DebugConfig"]?["ACLsEnabled"]?.bool
      checks.add(
        "version", .ok,
        "Consul \(config?["Version"]?.string ?? "of unknown version"), datacenter \(config?["Datacenter"]?.string ?? "?")"
      )
    } catch {
      checks.add("version", .warning, error.message, remedy: "agent:read tells version and datacenter")
    }
    checks += await identityChecks(hasACLs: hasACLs)
    checks += await authorityChecks()
    if let places = await placesCheck() { checks.append(places) }
    checks.append(
      .clock(
        leader.headers, now: clock.wallSeconds(), remedy: "set the clock: certificates' ends are judged by it"))
    if case .refused(let reason) = client.session.writes {
      checks.add("writing", .skipped, "not allowed here: \(reason)")
    }
    return checks
  }

  private func identityChecks(hasACLs: Bool?) async -> [PlaneCheck] {
    if hasACLs == false {
      return [
        PlaneCheck(
          name: "identity", result: .warning, detail: "anonymous: ACLs are off, everybody may do everything",
          remedy: "enable ACLs on the servers"),
        await readCheck(),
      ]
    }
    var checks: [PlaneCheck] = []
    do throws(MeshError) {
      let token = try await client.get("/v1/acl/token/self", what: "ask who we are").json
      let policies = (token["Policies"]?.array ?? []).compactMap { $0["Name"]?.string }
      let roles = (token["Roles"]?.array ?? []).compactMap { $0["Name"]?.string }
      let rights = (policies + roles.map { "role \($0)" }).joined(separator: ", ")
      let description = token["Description"]?.string ?? ""
      checks.append(
        PlaneCheck(
          name: "identity", result: .ok,
          detail: "\(description.isEmpty ? "a token" : description) of accessor \(token["AccessorID"]?.string ?? "?")"
            + " (\(tokenSource); \(rights.isEmpty ? "no policies" : rights))"))
      if let end = token["ExpirationTime"]?.string.flatMap(RFC3339.parse) {
        let left = end.seconds - now.seconds
        checks.append(
          PlaneCheck(
            name: "token", result: left > 86_400 ? .ok : .warning,
            detail: "the token \(left > 0 ? "ends in \(Int(left / 3_600)) h" : "has ended")",
            remedy: left > 86_400 ? nil : "ask for a new token"))
      }
    } catch {
      checks.append(
        PlaneCheck(
          name: "identity", result: client.hasCredentials ? .failed : .warning,
          detail: "\(error.message) (\(tokenSource))", remedy: error.remedy))
    }
    checks.append(await readCheck())
    let rights = [
      ConsulRight("service", "read"), ConsulRight("service", "write"), ConsulRight("intention", "write"),
      ConsulRight("mesh", "write"),
    ]
    do throws(MeshError) {
      let answers = try await allowed(rights)
      let (may, mayNot) = (rights.filter { answers[$0] == true }, rights.filter { answers[$0] != true })
      checks.append(
        PlaneCheck(
          name: "permissions", result: mayNot.isEmpty ? .ok : .warning,
          detail: "may \(Self.listed(may))" + (mayNot.isEmpty ? "" : ", may not \(Self.listed(mayNot))"),
          remedy: mayNot.isEmpty ? nil : "ask for these rights, or set what they allow with another token"))
    } catch {
      checks.append(PlaneCheck(name: "permissions", result: .skipped, detail: error.message))
    }
    return checks
  }

  private static func listed(_ rights: [ConsulRight]) -> String {
    rights.isEmpty ? "nothing" : rights.map(\.description).joined(separator: ", ")
  }

  private func readCheck() async -> PlaneCheck {
    do throws(MeshError) {
      let services = try await client.get("/v1/catalog/services", namespace: namespace, what: "list services")
      let count = services.json.object?.count ?? 0
      guard !services.isFiltered else {
        return PlaneCheck(
          name: "catalog", result: .warning,
          detail: "\(count.counted("service")) seen, others are hidden by the token's rights",
          remedy: "ask for service:read and node:read on all")
      }
      return PlaneCheck(name: "catalog", result: .ok, detail: "\(count.counted("service")) seen")
    } catch {
      return PlaneCheck(name: "catalog", result: .failed, detail: error.message, remedy: error.remedy)
    }
  }

  /// The active root and how long leaf certificates last.
  private func authorityChecks() async -> [PlaneCheck] {
    do throws(MeshError) {
      let roots = try await client.get("/v1/connect/ca/roots", what: "read the certificate authority").json
      let active = roots["ActiveRootID"]?.string ?? ""
      guard let root = (roots["Roots"]?.array ?? []).first(where: { $0["ID"]?.string == active }) else {
        return [
          PlaneCheck(
            name: "certificates", result: .warning, detail: "there is no active root: the mesh is not enabled",
            remedy: "set connect { enabled = true } on the servers")
        ]
      }
      var detail = "root \(root["Name"]?.string ?? active), trust domain \(roots["TrustDomain"]?.string ?? "unknown")"
      var result = PlaneCheck.Result.ok
      if let end = root["NotAfter"]?.string.flatMap(RFC3339.parse) {
        let days = Int((end.seconds - now.seconds) / 86_400)
        detail += days < 0 ? ", ended" : ", \(days) days left"
        if days < 30 { result = days < 0 ? .failed : .warning }
      }
      let others = (roots["Roots"]?.array?.count ?? 1) - 1
      if others > 0 { detail += ", \(others) older still trusted" }
      if let ttl = try? await client.get("/v1/connect/ca/configuration", what: "read the authority's settings").json {
        if let length = ttl["Config"]?["LeafCertTTL"]?.string { detail += ", leaves last \(length)" }
      }
      return [
        PlaneCheck(
          name: "certificates", result: result, detail: detail,
          remedy: result == .ok ? nil : "rotate the root: `consul connect ca set-config`")
      ]
    } catch {
      return [PlaneCheck(name: "certificates", result: .warning, detail: error.message, remedy: error.remedy)]
    }
  }
}
