import MeshModel
import MeshTransport

extension AppMeshPlane {
  /// Checks the service's life, credentials, identity, clock, reachability and permissions, in this order.
  public func check() async -> [PlaneCheck] {
    var checks: [PlaneCheck] = []
    checks.add(
      "service", .warning, Plane.Kind.appMesh.notice ?? "",
      remedy: "take everything out with: meshdeck get objects -p \(name) -A -o yaml")
    do throws(MeshError) {
      let keys = try await identity.keys()
      checks.add("credentials", .ok, "\(keys.source), for region \(region)")
      do throws(MeshError) {
        let (caller, headers) = try await AWSRoles(identity: identity).caller(keys)
        checks.add("identity", .ok, "\(caller.arn) (account \(caller.account))")
        checks.append(
          .clock(
            headers, now: clock.wallSeconds(), remedy: "set the clock: signatures are believed for 5 minutes"))
      } catch {
        let isRefused = error.code == .unauthenticated || error.code == .forbidden
        checks.add("identity", isRefused ? .failed : .warning, error.message, remedy: error.remedy)
      }
    } catch {
      checks.add("credentials", .failed, error.message, remedy: error.remedy)
      for name in ["identity", "reachable", "permissions"] {
        checks.add(name, .skipped, "not asked, since the check before failed")
      }
      return checks
    }
    do throws(MeshError) {
      let meshes = try await catalog.meshes(nil)
      checks.add("reachable", .ok, "\(client.session.origin) answers")
      let names = meshes.isEmpty ? "no mesh" : "\(meshes.count) \(meshes.count == 1 ? "mesh" : "meshes")"
      checks.add("permissions", .ok, "may list meshes: \(names) in \(region)")
      try await kindChecks(&checks)
    } catch {
      let isAnswered = error.code == .forbidden || error.code == .unauthenticated
      checks.add(isAnswered ? "permissions" : "reachable", .failed, error.message, remedy: error.remedy)
    }
    if case .refused(let reason) = client.session.writes {
      checks.add("writing", .skipped, "not allowed here: \(reason)")
    } else {
      checks.add("writing", .skipped, "AWS tells what one may write only when it is written")
    }
    return checks
  }

  private func kindChecks(_ checks: inout [PlaneCheck]) async throws(MeshError) {
    let reading = try await catalog.read(Set(AppMeshKind.allCases), mesh: nil)
    let counts = AppMeshKind.allCases.filter { reading.gaps[$0] == nil }
      .map { (reading.objects[$0]?.count ?? 0).counted(of: $0.collection) }
    checks.append(PlaneCheck(name: "permissions", result: .ok, detail: "may read \(counts.joined(separator: ", "))"))
    for (kind, gap) in reading.gaps.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      checks.append(
        PlaneCheck(
          name: "permissions", result: .warning, detail: gap.message,
          remedy: gap.code == .notFound
            ? "mind that this endpoint has no \(kind.collection): nothing that leads through them is shown"
            : "ask for appmesh:List* and appmesh:Describe* on \(kind.collection)"))
    }
    if let check = await instanceCheck(reading.objects[.virtualNode] ?? []) { checks.append(check) }
  }

  /// Whether Cloud Map tells the instances of nodes that are found by it.
  private func instanceCheck(_ nodes: [NativeObject]) async -> PlaneCheck? {
    guard !nodes.isEmpty else { return nil }
    let asked = nodes.compactMap { AppMeshInstances.Question($0.json) }
    let others = nodes.count - asked.count
    let rest =
      others == 0 ? "" : "; those of \(others == 1 ? "1 node" : "\(others) nodes") found otherwise nobody tells"
    guard !asked.isEmpty else {
      return PlaneCheck(
        name: "instances", result: .skipped, detail: "no node is found by Cloud Map, and nobody else tells instances")
    }
    let findings = await instances.find(Set(asked))
    if let gap = findings.gap {
      return PlaneCheck(
        name: "instances", result: .warning, detail: "not counted: \(gap.message)",
        remedy: gap.code == .forbidden ? "ask for servicediscovery:DiscoverInstances" : gap.remedy)
    }
    let count = asked.reduce(0) { $0 + (findings.instances[$1]?.count ?? 0) }
    return PlaneCheck(
      name: "instances", result: .ok,
      detail: "Cloud Map tells \(count.counted("instance")) of \(asked.count.counted("node"))\(rest)")
  }
}
