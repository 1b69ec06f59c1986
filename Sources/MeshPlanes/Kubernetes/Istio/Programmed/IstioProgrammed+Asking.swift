import MeshModel

/// Proxies asked themselves, when somebody looks at them: certificates, all their routes, how they fare.
extension IstioProgrammed {
  /// The certificates of each proxy, or why they are not known.
  func certificates(of proxies: [ObjectRef]) async -> [ObjectRef: Known<ProxyCertificates>] {
    await BoundedQuestions.answers(of: proxies) { await certificates(of: $0) }
  }

  @concurrent
  private func certificates(of proxy: ObjectRef) async -> Known<ProxyCertificates> {
    do throws(MeshError) {
      let held = try await EnvoyCertificates.held { path async throws(MeshError) in try await get(proxy, path) }
      return .known(held, source: "the proxy's /certs and secrets", at: access.now)
    } catch {
      return .unknown(reason(error))
    }
  }

  /// All routes one proxy runs.
  @concurrent
  func routes(of proxy: ObjectRef) async -> Known<[ProgrammedRoute]> {
    do throws(MeshError) {
      let told = try await IstioProxyAdmin(dialect: dialect, access: access).read(
        proxy, Self.routesPath, RoutesReader(proxy))
      return .known(told.value, source: "the proxy's /config_dump", at: access.now)
    } catch {
      if let dump = await MosnSidecar(dialect: dialect, access: access).configuration(of: proxy) {
        return .known(
          MosnSidecar.routes(dump, proxy: proxy), source: "the MOSN's /api/v1/config_dump", at: access.now)
      }
      return await sentRoutes(of: proxy, instead: error)
    }
  }

  /// All routes that istiod sent one proxy and it acknowledged, where the proxy itself did not answer.
  private func sentRoutes(of proxy: ObjectRef, instead error: MeshError) async -> Known<[ProgrammedRoute]> {
    let root = (await dialect.settings(using: access) ?? MeshSettings()).rootNamespace
    let (snapshot, own) = (MeshSnapshot(), reason(error))
    do throws(MeshError) {
      let routes = try await sent(
        proxy, isAwaited: true, rootNamespace: root, in: snapshot, streams: false)
      let configuration = SentConfiguration(dialect: dialect, access: access, rootNamespace: root)
      let state = await configuration.states(of: [proxy], in: snapshot)[proxy]
      if let doubt = SentConfiguration.doubt(state) { return .unknown(doubt) }
      return .known(routes, source: "istiod's /debug/config_dump, acknowledged by the proxy", at: access.now)
    } catch {
      return .unknown("\(own); \(error.message)")
    }
  }

  /// How one proxy fares.
  @concurrent
  func condition(of proxy: ObjectRef) async -> Known<ProxyCondition> {
    do throws(MeshError) {
      let found = try await EnvoyCondition { path async throws(MeshError) in try await get(proxy, path) }.read()
      return .known(found, source: "the proxy's administration interface", at: access.now)
    } catch {
      return .unknown(reason(error))
    }
  }

  /// Why a proxy did not answer, in words that do not change from proxy to proxy where they need not.
  private func reason(_ error: MeshError) -> String {
    error.code == .notFound
      ? "no pod has its name, as with a machine's proxy: it is asked only at an address of its own" : error.message
  }
}
