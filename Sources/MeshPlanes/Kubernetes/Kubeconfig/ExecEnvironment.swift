import MeshModel

/// The reduced environment an exec plugin runs in, and where its program lies.
struct ExecEnvironment {
  /// The variables of this process.
  let variables: [String: String]

  /// Names handed on: what finds programs, homes, locales, proxies and certificates.
  static let names: Set<String> = [
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "LANG", "LANGUAGE", "TZ", "KUBECONFIG",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS",
  ]

  /// Beginnings of names handed on: the settings of the credential programs in use (cloud command lines, OIDC logins).
  static let prefixes = ["LC_", "XDG_", "AWS_", "AZURE_", "CLOUDSDK_", "GOOGLE_", "OCI_", "DIGITALOCEAN_", "VAULT_"]

  /// The reduced environment.
  var reduced: [String: String] {
    variables.filter { name, _ in Self.names.contains(name) || Self.prefixes.contains { name.hasPrefix($0) } }
  }

  /// The absolute path of a plugin's program, or why it may not run.
  ///
  /// A bare name is looked up in the absolute entries of `PATH`, never in the working directory. What everybody may write
  /// to, the file or its directory, does not run.
  func locate(_ plugin: ExecPlugin) throws(MeshError) -> String {
    let found: String?
    if plugin.command.contains("/") {
      found = isProgram(plugin.command) ? plugin.command : nil
    } else {
      found = (variables["PATH"] ?? "").split(separator: ":").filter { $0.hasPrefix("/") }
        .map { "\($0)/\(plugin.command)" }.first(where: isProgram)
    }
    guard let found else {
      throw MeshError(
        .unauthenticated, "the credential plugin \(plugin.command) is not installed",
        remedy: plugin.installHint ?? "install it, or correct the exec command in the kubeconfig")
    }
    for path in [found, LocalFile.directory(of: found)] where LocalFile.facts(path)?.isWorldWritable == true {
      throw MeshError(
        .unauthenticated, "the credential plugin \(found) does not run: everybody may write to \(path)",
        remedy: "take away the write permission of others")
    }
    return found
  }

  private func isProgram(_ path: String) -> Bool {
    LocalFile.facts(path).map { $0.isRegular && $0.isExecutable } ?? false
  }
}
