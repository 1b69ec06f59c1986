import MeshModel
import MeshTransport
import Testing

/// Signatures held byte for byte against botocore's own signer.
@Suite("AWS signatures by botocore", .serialized)
struct SignatureTests {
  static let requests: [(HTTPRequest.Method, String, String?)] = [
    (.get, "/v20190125/meshes", nil), (.get, "/v20190125/meshes?limit=100", nil),
    (.get, "/v20190125/meshes/shop/virtualNodes?nextToken=a%2Bb%3D%3D&limit=100&meshOwner=123456789012", nil),
    (.get, "/v20190125/meshes/shop/virtualServices/reviews.shop.local", nil),
    (.get, "/v20190125/meshes/a%2Fb%20c/virtualRouter/r%3A1/routes", nil),
    (.put, "/v20190125/meshes/shop/virtualRouter/reviews/routes/primary", #"{"clientToken":"x","spec":{"é":1}}"#),
    (.put, "/v20190125/meshes/shop/virtualNodes/a%25b?meshOwner=123456789012", "{}"),
    (.delete, "/v20190125/meshes/shop", nil),
    (.post, "/", "Action=GetCallerIdentity&Version=2011-06-15"),
  ]

  @Test("The Authorization of every kind of request is what botocore makes of it", arguments: [nil, "to/ken+=="])
  func signaturesAreTheSame(_ token: String?) async throws {
    guard let commands = try await PythonLaboratory.commands(PythonLaboratory.moto) else { return }
    let port = MetricsServer.freePort()
    let command = [
      commands + "/python", "\(Program.root)/Tests/Laboratory/sigv4-oracle", "\(port)", "AKIDEXAMPLE", "se/cret+key=",
    ]
    let oracle = try await PythonLaboratory.serving(command + (token.map { [$0] } ?? []), port: port)
    defer { withExtendedLifetime(oracle) {} }
    do {
      for service in ["appmesh", "sts"] {
        let transport = CurlTransport(
          settings: ConnectionSettings(
            awsSigning: AWSSigning(
              accessKey: "AKIDEXAMPLE", secretKey: Secret("se/cret+key="), sessionToken: token.map { Secret($0) },
              region: "eu-west-1", service: service)))
        for (method, path, body) in Self.requests {
          for date in [nil, "20261122T230056Z"] {
            var request = HTTPRequest(
              method, "http://127.0.0.1:\(port)\(path)", headers: ["Accept": "application/json"],
              body: body.map { Array($0.utf8) })
            if body != nil { request.headers["Content-Type"] = "application/json" }
            request.headers["X-Amz-Date"] = date
            let response = try await transport.send(request)
            #expect(
              response.status == 200,
              "\(method.rawValue) \(path): \(String(decoding: response.body, as: UTF8.self))")
          }
        }
      }
    }
  }
}
