import MeshModel

/// istiod's debug interface: at a configured address, or in each of its pods through the API server.
///
/// Only GETs without side effects are sent (Istio, `pilot/pkg/xds/debug.go`: `adsz?push=true` and others hide effects).
struct IstiodDebug {
  let dialect: IstioDialect
  let access: any KubernetesAccess

  /// The port of the debug interface in istiod's pods.
  static let port = 8080

  /// The names of istiod's pods in the root namespace.
  func pods(_ rootNamespace: String, in snapshot: MeshSnapshot) async -> [String] {
    let known = snapshot.endpoints.values.filter {
      $0.ref.plane == access.plane && $0.ref.namespace == rootNamespace && $0.labels["app"] == "istiod" && $0.isReady
    }
    if !known.isEmpty { return known.map(\.ref.name).sorted() }
    guard let pods = try? await access.natives("pod", namespace: rootNamespace) else { return [] }
    return pods.filter { $0.json["metadata"]?["labels"]?["app"]?.string == "istiod" }.map(\.ref.name).sorted()
  }

  /// The proxies each replica tells of in its `/debug/syncz`, and what could not be asked.
  func proxies(
    rootNamespace: String, in snapshot: MeshSnapshot
  ) async -> (answers: [[ProxyState]], gaps: [String]) {
    let path = "/debug/syncz"
    if let address = dialect.addresses.istiod, let direct = dialect.direct {
      do throws(MeshError) {
        let bytes = try await direct(address + path)
        return ([try Self.states(SyncTable(plane: access.plane, snapshot: snapshot)) { $0.feed(bytes) }], [])
      } catch {
        return ([], ["istiod at its configured address: \(error.message)"])
      }
    }
    let pods = await pods(rootNamespace, in: snapshot)
    guard !pods.isEmpty else { return ([], ["no ready istiod pod (label app=istiod) in \(rootNamespace)"]) }
    let access = self.access
    return await withTaskGroup(of: Result<[ProxyState], MeshError>.self) { group in
      for pod in pods {
        group.addTask {
          do throws(MeshError) {
            return .success(
              try await Deadline.within(seconds: 10, what: "istiod \(pod)") { () async throws(MeshError) in
                var table = SyncTable(plane: access.plane, snapshot: snapshot)
                try await access.read(pod: pod, namespace: rootNamespace, port: Self.port, path: path) {
                  table.feed($0)
                }
                return try Self.states(table) { _ in }
              })
          } catch {
            return .failure(error)
          }
        }
      }
      var (answers, gaps) = ([[ProxyState]](), [String]())
      for await result in group {
        switch result {
        case .success(let states): answers.append(states)
        case .failure(let error): gaps.append("istiod's \(path): \(error.message)")
        }
      }
      return (answers, gaps.sorted())
    }
  }

  private static func states(
    _ table: SyncTable, _ feed: (inout SyncTable) -> Void
  ) throws(MeshError) -> [ProxyState] {
    var table = table
    feed(&table)
    do throws(JSONError) { return try table.finish() } catch {
      throw MeshError(.malformed, "it makes no sense: \(error)", underlying: error)
    }
  }
}

/// A limit of time on an asynchronous question.
enum Deadline {
  /// The answer, or an `.unreachable` error once the time is up; the question is cancelled then.
  static func within<Value: Sendable>(
    seconds: Double, what: String, _ body: @escaping @Sendable () async throws(MeshError) -> Value
  ) async throws(MeshError) -> Value {
    let result = await withTaskGroup(of: Result<Value, MeshError>.self) { group in
      group.addTask {
        do throws(MeshError) { return .success(try await body()) } catch { return .failure(error) }
      }
      group.addTask {
        try? await Task.sleep(for: .seconds(seconds))
        return .failure(MeshError(.unreachable, "\(what) gave no answer in \(Int(exactly: seconds) ?? 0) s"))
      }
      let first = await group.next()
      group.cancelAll()
      return first
    }
    return try (result ?? .failure(MeshError(.cancelled, "\(what) was not asked"))).get()
  }
}
