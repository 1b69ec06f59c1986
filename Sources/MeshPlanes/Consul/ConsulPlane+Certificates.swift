public import MeshModel
import MeshTransport

extension ConsulPlane {
  /// The leaf certificates of the proxies that are registered with the agent that is asked, which holds them anyway; of any
  /// other why they are not asked for.
  ///
  /// An agent hands a leaf out together with its private key, and makes a new one for whoever asks first. So it is asked
  /// only where nothing is made and nothing is risked:
  ///
  /// - of proxies in `/v1/agent/services`: for these the agent follows the leaf itself (`agent/proxycfg-sources/local`);
  /// - from Consul 1.16 on: before, leaves were kept by token, so that another token had another one made (hashicorp/consul
  ///   #17075, `agent/leafcert`, and #5091);
  /// - by HTTPS, by a socket, or on this machine.
  ///
  /// The key is passed over while the answer is read: ``ConsulLeaf`` has no place for it, and recordings blank it. It takes
  /// `service:write` on the service; nothing is written, so that it is asked where writing is not allowed too.
  public func certificates(of proxies: [ObjectRef]) async -> [ObjectRef: Known<ProxyCertificates>] {
    func all(_ reason: String) -> [ObjectRef: Known<ProxyCertificates>] {
      Dictionary(proxies.map { ($0, .unknown(reason)) }, uniquingKeysWith: { $1 })
    }
    guard isPrivate else {
      return all(
        "Consul hands a leaf certificate out with its private key, and is reached by plain HTTP: it is not asked")
    }
    do throws(MeshError) {
      let agent = try await client.get("/v1/agent/self", what: "read the agent").json["Config"]
      let version = agent?["Version"]?.string ?? ""
      guard Self.keepsLeavesByService(version) else {
        return all("Consul \(version) makes a new leaf certificate for whoever asks: it is not asked")
      }
      let node = agent?["NodeName"]?.string ?? ""
      if let datacenter = client.datacenter, datacenter != agent?["Datacenter"]?.string {
        return all("the agent that is asked is in another datacenter")
      }
      let services = try await servedHere(node, of: proxies)
      let roots = (try? await self.roots()) ?? []
      let hasNamespaces = try await hasNamespaces()
      return await BoundedQuestions.answers(of: proxies) { proxy in
        guard let service = services[proxy] else {
          return .unknown(
            "it is not registered with the agent that is asked (\(node)); another would have to make a new certificate. "
              + "A plane of kind envoy asks the proxy itself")
        }
        do throws(MeshError) {
          let bytes = try await self.client.bytes(
            "/v1/agent/connect/ca/leaf/\(ConsulName.encoded(service))",
            namespace: hasNamespaces ? proxy.namespace : nil,
            what: "read the leaf certificate of \(service)")
          let leaf: ConsulLeaf
          do throws(JSONError) { leaf = try ConsulLeaf(bytes) } catch {
            throw MeshError(
              .malformed, "the leaf certificate of \(service) makes no sense: \(error)", plane: self.name,
              underlying: error)
          }
          return .known(
            ProxyCertificates(own: [leaf.certificate], roots: roots), source: "the agent of \(node)", at: self.now)
        } catch {
          return .unknown(error.message)
        }
      }
    } catch {
      return all(error.message)
    }
  }

  /// Whether nobody on the way reads along.
  private var isPrivate: Bool {
    if client.session.origin.hasPrefix("https://") { return true }
    // A socket's origin is http://localhost.
    return (try? TargetURL(parsing: client.session.origin))?.isLoopback ?? false
  }

  /// Whether a version keeps a service's leaf once for everybody who may have it.
  static func keepsLeavesByService(_ version: String) -> Bool {
    let parts = version.split(separator: ".").prefix(2).compactMap { Int($0) }
    guard parts.count == 2 else { return false }
    return parts[0] > 1 || parts[0] == 1 && parts[1] >= 16
  }

  /// The services whose leaf the agent holds, by the instances their proxies stand before.
  private func servedHere(_ node: String, of proxies: [ObjectRef]) async throws(MeshError) -> [ObjectRef: String] {
    var result: [ObjectRef: String] = [:]
    let hasNamespaces = try await hasNamespaces()
    for namespace in Set(proxies.map(\.namespace)).sorted() {
      let answer = try await client.get(
        "/v1/agent/services", namespace: hasNamespaces ? namespace : nil, what: "list the agent's services")
      for service in (answer.json.object?.members ?? []).map(\.value) {
        let proxy = service["Proxy"]
        let instance: (id: String, service: String)? =
          switch service["Kind"]?.string {
          case "connect-proxy":
            (proxy?["DestinationServiceID"]?.string ?? "", proxy?["DestinationServiceName"]?.string ?? "")
          // Those of mesh gateways are of a kind of their own.
          case "ingress-gateway", "terminating-gateway", "api-gateway":
            (service["ID"]?.string ?? "", service["Service"]?.string ?? "")
          default: nil
          }
        guard let instance, !instance.service.isEmpty else { continue }
        let ref = ObjectRef(
          plane: name, namespace: namespace, kind: "instance", name: ConsulName.encoded("\(node):\(instance.id)"))
        result[ref] = instance.service
      }
    }
    return result
  }

  /// The roots that proxies check each other against.
  private func roots() async throws(MeshError) -> [ProxyCertificate] {
    let roots = try await client.get("/v1/connect/ca/roots", what: "read the certificate authority").json["Roots"]
    return (roots?.array ?? []).compactMap { $0["RootCert"]?.string }.flatMap(PEMText.certificates).compactMap {
      (try? CertificateFields(der: $0)).map(ProxyCertificate.init)
    }
  }
}
