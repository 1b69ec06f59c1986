import ArgumentParser

/// Where a server of one's own is and how it is reached, as typed for `planes add`.
struct ServerOptions: ParsableArguments {
  @Option(help: "The address of an xDS server, of a Consul, or of a Service Fabric cluster's HTTP gateway.")
  var url: String?
  @Option(help: "The file of the server's certificate authorities.", completion: .file())
  var caFile: String?
  @Option(help: "The file of the client certificate.", completion: .file())
  var certFile: String?
  @Option(help: "The file of the client certificate's key.", completion: .file())
  var keyFile: String?
}
