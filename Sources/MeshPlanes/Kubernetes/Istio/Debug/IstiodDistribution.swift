import MeshModel

/// What istiod holds and what troubles it, from `configz` and `push_status` of each replica.
struct IstiodDistribution {
  let dialect: IstioDialect
  let access: any KubernetesAccess

  /// The seconds in which a replica must have heard of a change before it counts as behind.
  static let grace = 2.0

  func report(in snapshot: MeshSnapshot) async -> DistributionReport {
    let root = (snapshot.meshes[access.plane] ?? MeshSettings()).rootNamespace
    let istiod = IstiodDebug(dialect: dialect, access: access)
    var report = DistributionReport(at: access.now)
    let (pushed, pushGaps) = await istiod.ask(
      "/debug/push_status", rootNamespace: root, in: snapshot, WholeAnswer())
    var seen: Set<PushError> = []
    for answer in pushed {
      do throws(JSONError) {
        for error in try PushStatusReader.read(answer.value, plane: access.plane) where seen.insert(error).inserted {
          report.pushErrors.append(error)
        }
      } catch {
        report.gaps.append("istiod's /debug/push_status makes no sense: \(error)")
      }
    }
    report.gaps += pushGaps
    // One that does not let us ask the first question does not let us ask the second.
    guard !pushed.isEmpty else { return report }
    var differences = await held(istiod, root, snapshot, gaps: &report.gaps)
    if !differences.isEmpty {
      try? await Task.sleep(for: .seconds(Self.grace))
      var ignored: [String] = []
      let later = Set(await held(istiod, root, snapshot, gaps: &ignored))
      differences.removeAll { !later.contains($0) }
    }
    report.differences = differences
    report.gaps = Array(Set(report.gaps)).sorted()
    return report
  }

  private func held(
    _ istiod: IstiodDebug, _ root: String, _ snapshot: MeshSnapshot, gaps: inout [String]
  ) async -> [HeldDifference] {
    let (answers, missing) = await istiod.ask(
      "/debug/configz", rootNamespace: root, in: snapshot, HeldObjects(plane: access.plane))
    gaps += missing
    return answers.flatMap {
      HeldObjects.differences($0.value, replica: $0.replica, in: snapshot, plane: access.plane)
    }
  }

  /// A proxy's connection to the replica that has it.
  func connection(of proxy: ObjectRef) async -> Known<ProxyConnection> {
    let root = (await dialect.settings(using: access) ?? MeshSettings()).rootNamespace
    let path = "/debug/adsz?proxyID=\(EnvoyQuery.escaped("\(proxy.name).\(proxy.namespace)"))"
    let (answers, gaps) = await IstiodDebug(dialect: dialect, access: access).ask(
      path, rootNamespace: root, in: MeshSnapshot(), isElsewhere: true, ConnectionReader(proxy))
    for answer in answers {
      guard var connection = answer.value else { continue }
      connection.replica = answer.replica
      return .known(connection, source: "istiod's /debug/adsz", at: access.now)
    }
    return .unknown(gaps.first ?? "no replica of istiod has a connection of it")
  }

  /// Whether istiod answers, the mesh as it sees it, and what troubles it.
  func checks() async -> [PlaneCheck] {
    let root = (await dialect.settings(using: access) ?? MeshSettings()).rootNamespace
    let istiod = IstiodDebug(dialect: dialect, access: access)
    let (answers, gaps) = await istiod.ask("/debug/mesh", rootNamespace: root, in: MeshSnapshot(), WholeAnswer())
    var checks = gaps.map { PlaneCheck(name: "istiod", result: .warning, detail: $0) }
    for answer in answers {
      guard let json = try? JSONValue(parsing: answer.value) else {
        checks.append(
          PlaneCheck(name: "istiod", result: .warning, detail: "\(answer.replica): its mesh makes no sense"))
        continue
      }
      let mesh = IstioSettingsReader.settings(meshConfig: json)
      let words = [
        "trust domain \(mesh.trustDomain)", "auto mTLS \(mesh.autoMTLS ? "on" : "off")",
        "root namespace \(mesh.rootNamespace)",
        mesh.allowsUnknownHosts ? "unknown hosts allowed" : "unknown hosts refused",
      ]
      checks.append(
        PlaneCheck(name: "istiod", result: .ok, detail: "\(answer.replica): \(words.joined(separator: ", "))"))
    }
    guard !answers.isEmpty else { return checks }
    checks += await pushChecks(istiod, root)
    return checks + (await IstiodRegistry(dialect: dialect, access: access).checks(root))
  }

  /// The push errors by their kinds; that there are none is said only where every replica told.
  private func pushChecks(_ istiod: IstiodDebug, _ root: String) async -> [PlaneCheck] {
    let (pushed, gaps) = await istiod.ask("/debug/push_status", rootNamespace: root, in: MeshSnapshot(), WholeAnswer())
    var checks = gaps.map { PlaneCheck(name: "istiod", result: .warning, detail: $0) }
    var errors: [PushError] = []
    for answer in pushed {
      do throws(JSONError) { errors += try PushStatusReader.read(answer.value, plane: access.plane) } catch {
        checks.append(
          PlaneCheck(
            name: "istiod", result: .warning, detail: "\(answer.replica): its push status makes no sense: \(error)"))
      }
    }
    let kinds = Dictionary(grouping: errors, by: \.kind).sorted { $0.key < $1.key }
    if !kinds.isEmpty {
      let words = kinds.map { "\($0.key) \($0.value.count)" }.joined(separator: ", ")
      checks.append(
        PlaneCheck(
          name: "istiod", result: .warning, detail: "push errors: \(words)", remedy: "see the findings MD3007"))
    } else if checks.isEmpty {
      checks.append(PlaneCheck(name: "istiod", result: .ok, detail: "no push errors"))
    }
    return checks
  }
}
