extension Deck {
  /// The certificates of proxies of any planes, or why one's are not known; the planes are asked side by side.
  public func certificates(of proxies: some Sequence<ObjectRef>) async -> [ObjectRef: Known<ProxyCertificates>] {
    let byPlane = Dictionary(grouping: Set(proxies), by: \.plane)
    return await withTaskGroup(of: [ObjectRef: Known<ProxyCertificates>].self) { group in
      var result: [ObjectRef: Known<ProxyCertificates>] = [:]
      for (plane, proxies) in byPlane {
        guard let connection = try? connection(plane) else {
          for proxy in proxies { result[proxy] = .unknown("there is no plane \(plane)") }
          continue
        }
        group.addTask { await connection.control.certificates(of: proxies.sorted()) }
      }
      for await part in group { result.merge(part) { $1 } }
      return result
    }
  }
}
