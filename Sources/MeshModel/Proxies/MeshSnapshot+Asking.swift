extension MeshSnapshot {
  /// Why no proxy of a workload can be asked what it runs; `nil` where one may.
  package func reasonNotToAsk(_ workload: ObjectRef) -> String? {
    guard let readiness = readiness[workload] else { return "no instance is known" }
    // While a workload is rolled out, few of its instances may have a proxy.
    let isProxied = [ProxyMode.sidecar, .gateway].contains { readiness.proxies[$0, default: 0] > 0 }
    if isProxied { return readiness.ready == 0 ? "no instance is ready" : nil }
    return readiness.proxy == .ambient ? "its node proxy is not asked" : "no proxy"
  }
}
