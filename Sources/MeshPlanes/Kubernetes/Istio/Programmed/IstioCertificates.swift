import MeshModel

/// The certificates of proxies, asked of each proxy itself: some at a time, and not for longer than a screen is waited for.
extension IstioProgrammed {
  /// The most proxies asked at once.
  static let parallelCertificates = 16
  /// The seconds after which no further proxy is asked.
  static let certificateBudget = 8.0

  /// The certificates of each proxy, or why they are not known.
  func certificates(of proxies: [ObjectRef]) async -> [ObjectRef: Known<ProxyCertificates>] {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: .seconds(Self.certificateBudget))
    var waiting = proxies[...]
    var result: [ObjectRef: Known<ProxyCertificates>] = [:]
    await withTaskGroup(of: (ObjectRef, Known<ProxyCertificates>).self) { group in
      for proxy in waiting.prefix(Self.parallelCertificates) { group.addTask { await certificates(of: proxy) } }
      waiting = waiting.dropFirst(Self.parallelCertificates)
      while let (proxy, known) = await group.next() {
        result[proxy] = known
        if clock.now < end, !Task.isCancelled, let next = waiting.popFirst() {
          group.addTask { await certificates(of: next) }
        }
      }
    }
    for proxy in waiting {
      result[proxy] = .unknown(
        "not asked: the others took all of the \(Int(Self.certificateBudget)) s there are for it")
    }
    return result
  }

  @concurrent
  private func certificates(of proxy: ObjectRef) async -> (ObjectRef, Known<ProxyCertificates>) {
    do {
      let read = try EnvoyCertificates.read(try await get(proxy, "/certs"))
      return (proxy, .known(read, source: "the proxy's /certs", at: access.now))
    } catch let error as MeshError {
      return (proxy, .unknown(reason(error)))
    } catch {
      return (proxy, .unknown("the proxy's /certs makes no sense: \(error)"))
    }
  }

  /// All routes one proxy runs.
  @concurrent
  func routes(of proxy: ObjectRef) async -> Known<[ProgrammedRoute]> {
    do {
      let bytes = try await get(proxy, "/config_dump?resource=dynamic_route_configs")
      return .known(try EnvoyConfigDump.routes(bytes, proxy: proxy), source: "the proxy's /config_dump", at: access.now)
    } catch let error as MeshError {
      return .unknown(reason(error))
    } catch {
      return .unknown("the proxy's /config_dump makes no sense: \(error)")
    }
  }

  /// Why a proxy did not answer, in words that do not change from proxy to proxy where they need not.
  private func reason(_ error: MeshError) -> String {
    error.code == .notFound
      ? "no pod has its name, as with a machine's proxy: it is asked only at an address of its own" : error.message
  }
}
