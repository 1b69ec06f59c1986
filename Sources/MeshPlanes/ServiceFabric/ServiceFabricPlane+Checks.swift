import MeshModel
import MeshTransport

extension ServiceFabricPlane {
  /// Checks the service's life, credentials, identity, reachability, clock and permissions, in this order.
  public func check() async -> [PlaneCheck] {
    var checks: [PlaneCheck] = []
    checks.add(
      "service", .warning, Plane.Kind.serviceFabric.notice ?? "",
      remedy: "take everything out with: meshdeck get objects -p \(name) -A -o yaml")
    guard await addIdentity(to: &checks) else {
      for name in ["reachable", "permissions"] {
        checks.add(name, .skipped, "not asked, since the check before failed")
      }
      return checks
    }
    do throws(MeshError) {
      let headers = try await client.headers(base.path(of: .gateway), what: "list gateways")
      checks.add("reachable", .ok, "\(client.session.origin) answers")
      checks.append(
        .clock(headers, now: clock.wallSeconds(), remedy: "set the clock: tokens and certificates depend on it"))
      let reading = try await catalog.read(Set(ServiceFabricKind.allCases), replicas: false)
      let counts = ServiceFabricKind.allCases.filter { reading.gaps[$0] == nil }
        .map { (reading.objects[$0]?.count ?? 0).counted(of: $0.collection) }
      checks.add("permissions", .ok, "may read \(counts.joined(separator: ", "))")
      for (_, gap) in reading.gaps.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        checks.add("permissions", .warning, gap.message, remedy: gap.remedy)
      }
    } catch {
      let isAnswered = [.forbidden, .unauthenticated, .notFound].contains(error.code)
      checks.add(isAnswered ? "permissions" : "reachable", .failed, error.message, remedy: error.remedy)
      return checks
    }
    checks.append(await writing())
    return checks
  }

  /// Adds who speaks; false where nobody can.
  private func addIdentity(to checks: inout [PlaneCheck]) async -> Bool {
    guard let identity = client.identity else {
      checks.append(certificateCheck())
      return true
    }
    do throws(MeshError) {
      let token = try await identity.token()
      checks.append(PlaneCheck(name: "credentials", result: .ok, detail: token.source))
      checks.append(
        PlaneCheck(
          name: "identity", result: token.bearer == nil ? .skipped : .ok,
          detail: token.bearer ?? "the token does not tell whom it is for"))
      return true
    } catch {
      checks.append(PlaneCheck(name: "credentials", result: .failed, detail: error.message, remedy: error.remedy))
      checks.append(
        PlaneCheck(name: "identity", result: .skipped, detail: "not asked, since the check before failed"))
      return false
    }
  }

  /// Whom the client certificate says one is; a cluster does not tell whom it takes one for.
  private func certificateCheck() -> PlaneCheck {
    guard let certificate = client.certificate else {
      return PlaneCheck(
        name: "identity", result: .warning, detail: "anonymous: no client certificate is configured",
        remedy: "a secured cluster wants one: say clientCertificate and clientKey in the plane's settings")
    }
    let text = String(decoding: certificate, as: UTF8.self)
    guard let fields = PEMText.certificates(text).first.flatMap({ try? CertificateFields(der: $0) }) else {
      return PlaneCheck(
        name: "identity", result: .skipped, detail: "a client certificate whose fields cannot be read here")
    }
    let days = Int(((fields.expires.seconds - Double(clock.wallSeconds())) / 86_400).rounded(.down))
    let who = "client certificate \(fields.subject.isEmpty ? "without a subject" : fields.subject)"
    guard days >= 0 else {
      return PlaneCheck(name: "identity", result: .failed, detail: "\(who) has ended", remedy: "renew the certificate")
    }
    return PlaneCheck(
      name: "identity", result: days < 14 ? .warning : .ok, detail: "\(who), \(days) days left",
      remedy: days < 14 ? "renew the certificate" : nil)
  }

  /// What one may write, as Azure's permissions tell it; a cluster tells it only when something is written.
  private func writing() async -> PlaneCheck {
    if case .refused(let reason) = client.session.writes {
      return PlaneCheck(name: "writing", result: .skipped, detail: "not allowed here: \(reason)")
    }
    guard case .group = base else {
      return PlaneCheck(
        name: "writing", result: .skipped, detail: "a cluster tells what one may write only when it is written")
    }
    do throws(MeshError) {
      let entries = try await client.list(AzurePermissions.path(scope: base.scope), what: "read one's permissions")
      let permissions = AzurePermissions(entries)
      let verbs = ["write", "delete"]
      let denied = verbs.filter { !permissions.allow("Microsoft.ServiceFabricMesh/gateways/\($0)") }
      guard !denied.isEmpty else {
        return PlaneCheck(name: "writing", result: .ok, detail: "may write and delete gateways")
      }
      return PlaneCheck(
        name: "writing", result: .warning, detail: "may not \(denied.joined(separator: ", nor ")) gateways",
        remedy: "ask for a role with Microsoft.ServiceFabricMesh/gateways/\(denied[0])")
    } catch {
      return PlaneCheck(name: "writing", result: .warning, detail: error.message, remedy: error.remedy)
    }
  }
}
