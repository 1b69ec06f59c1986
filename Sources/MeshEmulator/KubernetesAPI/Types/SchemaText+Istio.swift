extension SchemaText {
  /// The fields of Istio's kinds, from the schemas of its custom resource definitions.
  static let istio = #"""
    $trafficPolicy = {connectionPool:@connectionPool,loadBalancer:@loadBalancer,outlierDetection:@outlierDetection,
      portLevelSettings:[{connectionPool:@connectionPool,loadBalancer:@loadBalancer,
      outlierDetection:@outlierDetection,port:{number:i},tls:@tls}],proxyProtocol:{version:e(V1|V2)},retryBudget:{
      budgetInterval:s,minRetryConcurrency:i,percent:n},tls:@tls,tunnel:{protocol:s,targetHost!:s,targetPort!:i}}
    $connectionPool = {http:{h2UpgradePolicy:e(DEFAULT|DO_NOT_UPGRADE|UPGRADE),http1MaxPendingRequests:i,
      http2KeepAlive:{interval:s,timeout:s},http2MaxRequests:i,idleTimeout:s,maxConcurrentStreams:i,
      maxRequestsPerConnection:i,maxRetries:i,useClientProtocol:b},tcp:{connectTimeout:s,idleTimeout:s,
      maxConnectionDuration:s,maxConnections:i,tcpKeepalive:{interval:s,probes:i,time:s}}}
    $loadBalancer = {backendUtilization:{errorUtilizationPenaltyPercent:i,metricNamesForComputingUtilization:[s],
      weightExpirationPeriod:s,weightStabilizationPeriod:s,weightUpdatePeriod:s},consistentHash:{httpCookie:{
      attributes:[{name!:s,value:s}],name!:s,path:s,ttl:s},httpHeaderName:s,httpQueryParameterName:s,maglev:{
      tableSize:i},minimumRingSize:i,ringHash:{minimumRingSize:i},useSourceIp:b},localityLbSetting:{distribute:[{
      from:s,to:<i>}],enabled:b,failover:[{from:s,to:s}],failoverPriority:[s]},simple:e(UNSPECIFIED|LEAST_CONN|
      RANDOM|PASSTHROUGH|ROUND_ROBIN|LEAST_REQUEST),warmup:{aggression:n,duration!:s,minimumPercent:n},
      warmupDurationSecs:s,zoneAwareLbSetting:{enabled:b,failover:[{from:s,to:s}],failoverPriority:[s],
      minClusterSize:i}}
    $outlierDetection = {baseEjectionTime:s,consecutive5xxErrors:i,consecutiveErrors:i,consecutiveGatewayErrors:i,
      consecutiveLocalOriginFailures:i,interval:s,maxEjectionPercent:i,minHealthPercent:i,
      outlierDetectionHttpErrorCodes:[i],splitExternalLocalOriginErrors:b}
    $tls = {caCertificates:s,caCrl:s,clientCertificate:s,credentialName:s,insecureSkipVerify:b,mode:e(DISABLE|
      SIMPLE|MUTUAL|ISTIO_MUTUAL),privateKey:s,sni:s,subjectAltNames:[s]}
    $tls2 = {caCertCredentialName:s,caCertificates:s,caCrl:s,cipherSuites:[s],credentialName:s,credentialNames:[s],
      ecdhCurves:[s],httpsRedirect:b,insecureSkipVerify:b,maxProtocolVersion:e(TLS_AUTO|TLSV1_0|TLSV1_1|TLSV1_2|
      TLSV1_3),minProtocolVersion:e(TLS_AUTO|TLSV1_0|TLSV1_1|TLSV1_2|TLSV1_3),mode:e(PASSTHROUGH|SIMPLE|MUTUAL|
      AUTO_PASSTHROUGH|ISTIO_MUTUAL|OPTIONAL_MUTUAL),privateKey:s,serverCertificate:s,subjectAltNames:[s],
      tlsCertificates:[{caCertificates:s,privateKey:s,serverCertificate:s}],verifyCertificateHash:[s],
      verifyCertificateSpki:[s]}
    $endpoints = {address:s,labels:<s>,locality:s,network:s,ports:<i>,serviceAccount:s,weight:i}
    $port = {name:s,number:i,protocol:s,targetPort:i}
    $headers = {request:{add:<s>,remove:[s],set:<s>},response:{add:<s>,remove:[s],set:<s>}}
    $route = {destination!:{host!:s,port:{number:i},subset:s},weight:i}
    $mtls = {mode:e(UNSET|DISABLE|PERMISSIVE|STRICT)}
    $match = {mode:e(CLIENT_AND_SERVER|CLIENT|SERVER)}
    $istio.WasmPlugin = {spec!:{failStrategy:e(FAIL_CLOSE|FAIL_OPEN|FAIL_RELOAD),
      imagePullPolicy:e(UNSPECIFIED_POLICY|IfNotPresent|Always),imagePullSecret:s,match:[{mode:e(UNDEFINED|CLIENT|
      SERVER|CLIENT_AND_SERVER),ports:[{number!:i};number]}],phase:e(UNSPECIFIED_PHASE|AUTHN|AUTHZ|STATS),
      pluginConfig:*,pluginName:s,priority:i,selector:{matchLabels:<s>},sha256:s,targetRef:{group:s,kind!:s,name!:s,
      namespace:s},targetRefs:[{group:s,kind!:s,name!:s,namespace:s}],type:e(UNSPECIFIED_PLUGIN_TYPE|HTTP|NETWORK),
      url!:s,verificationKey:s,vmConfig:{env:[{name!:s,value:s,valueFrom:e(INLINE|HOST)};name]}},status:*}
    $istio.DestinationRule = {spec:{exportTo:[s],host!:s,subsets:[{labels:<s>,name!:s,
      trafficPolicy:@trafficPolicy}],trafficPolicy:@trafficPolicy,workloadSelector:{matchLabels:<s>}},status:*}
    $istio.EnvoyFilter = {spec:{configPatches:[{applyTo:e(INVALID|LISTENER|FILTER_CHAIN|NETWORK_FILTER|HTTP_FILTER|
      ROUTE_CONFIGURATION|VIRTUAL_HOST|HTTP_ROUTE|CLUSTER|EXTENSION_CONFIG|BOOTSTRAP|LISTENER_FILTER),match:{
      cluster:{name:s,portNumber:i,service:s,subset:s},context:e(ANY|SIDECAR_INBOUND|SIDECAR_OUTBOUND|GATEWAY|
      WAYPOINT),listener:{filterChain:{applicationProtocols:s,destinationPort:i,filter:{name:s,subFilter:{name:s}},
      name:s,sni:s,transportProtocol:s,transportSocket:s},listenerFilter:s,name:s,portName:s,portNumber:i},proxy:{
      metadata:<s>,proxyVersion:s},routeConfiguration:{gateway:s,name:s,portName:s,portNumber:i,vhost:{domainName:s,
      name:s,route:{action:e(ANY|ROUTE|REDIRECT|DIRECT_RESPONSE),name:s}}},waypoint:{filter:{name:s,subFilter:{
      name:s}},portNumber:i,route:{name:s}}},patch:{filterClass:e(UNSPECIFIED|AUTHN|AUTHZ|STATS),
      operation:e(INVALID|MERGE|ADD|REMOVE|INSERT_BEFORE|INSERT_AFTER|INSERT_FIRST|REPLACE|MERGE_AND_REPLACE_LIST),
      value:*}}],priority:i,targetRefs:[{group:s,kind!:s,name!:s,namespace:s}],workloadSelector:{labels:<s>}},
      status:*}
    $istio.Gateway = {spec:{selector:<s>,servers:[{bind:s,defaultEndpoint:s,hosts!:[s],name:s,port!:{name!:s,
      number!:i,protocol!:s,targetPort:i},tls:@tls2}]},status:*}
    $istio.ProxyConfig = {spec:{concurrency:i,environmentVariables:<s>,image:{imageType:s},selector:{
      matchLabels:<s>}},status:*}
    $istio.ServiceEntry = {spec!:{addresses:[s],endpoints:[@endpoints],exportTo:[s],hosts!:[s],
      location:e(MESH_EXTERNAL|MESH_INTERNAL),ports:[{name!:s,number!:i,protocol:s,targetPort:i};name],
      resolution:e(NONE|STATIC|DNS|DNS_ROUND_ROBIN|DYNAMIC_DNS),subjectAltNames:[s],workloadSelector:{labels:<s>}},
      status:*}
    $istio.Sidecar = {spec:{egress:[{bind:s,captureMode:e(DEFAULT|IPTABLES|NONE),hosts!:[s],port:@port}],
      inboundConnectionPool:@connectionPool,ingress:[{bind:s,captureMode:e(DEFAULT|IPTABLES|NONE),
      connectionPool:@connectionPool,defaultEndpoint:s,port!:@port,tls:@tls2}],outboundTrafficPolicy:{egressProxy:{
      host!:s,port:{number:i},subset:s},mode:e(REGISTRY_ONLY|ALLOW_ANY)},workloadSelector:{labels:<s>}},status:*}
    $istio.VirtualService = {spec:{exportTo:[s],gateways:[s],hosts:[s],http:[{corsPolicy:{allowCredentials:b,
      allowHeaders:[s],allowMethods:[s],allowOrigin:[s],allowOrigins:[{exact:s,prefix:s,regex:s}],exposeHeaders:[s],
      maxAge:s,unmatchedPreflights:e(UNSPECIFIED|FORWARD|IGNORE)},delegate:{name:s,namespace:s},directResponse:{
      body:{bytes:s,string:s},status!:i},fault:{abort:{grpcStatus:s,http2Error:s,httpStatus:i,percentage:{value:n}},
      delay:{exponentialDelay:s,fixedDelay:s,percent:i,percentage:{value:n}}},headers:@headers,match:[{authority:{
      exact:s,prefix:s,regex:s},gateways:[s],headers:<{exact:s,prefix:s,regex:s}>,ignoreUriCase:b,method:{exact:s,
      prefix:s,regex:s},name:s,port:i,queryParams:<{exact:s,prefix:s,regex:s}>,scheme:{exact:s,prefix:s,regex:s},
      sourceLabels:<s>,sourceNamespace:s,statPrefix:s,uri:{exact:s,prefix:s,regex:s},withoutHeaders:<{exact:s,
      prefix:s,regex:s}>}],mirror:{host!:s,port:{number:i},subset:s},mirrorPercent:i,mirrorPercentage:{value:n},
      mirror_percent:i,mirrors:[{destination!:{host!:s,port:{number:i},subset:s},percentage:{value:n}}],name:s,
      redirect:{authority:s,derivePort:e(FROM_PROTOCOL_DEFAULT|FROM_REQUEST_PORT),port:i,prefixRewrite:s,
      redirectCode:i,scheme:s,uri:s},retries:{attempts:i,backoff:s,perTryTimeout:s,retryIgnorePreviousHosts:b,
      retryOn:s,retryRemoteLocalities:b},rewrite:{authority:s,uri:s,uriRegexRewrite:{match:s,rewrite:s}},route:[{
      destination!:{host!:s,port:{number:i},subset:s},headers:@headers,weight:i}],timeout:s}],tcp:[{match:[{
      destinationSubnets:[s],gateways:[s],port:i,sourceLabels:<s>,sourceNamespace:s,sourceSubnet:s}],
      route:[@route]}],tls:[{match!:[{destinationSubnets:[s],gateways:[s],port:i,sniHosts!:[s],sourceLabels:<s>,
      sourceNamespace:s}],route:[@route]}]},status:*}
    $istio.WorkloadEntry = {spec!:@endpoints,status:*}
    $istio.WorkloadGroup = {spec!:{metadata:{annotations:<s>,labels:<s>},probe:{exec:{command!:[s]},
      failureThreshold:i,grpc:{port:i,service:s},httpGet:{host:s,httpHeaders:[{name:s,value:s}],path:s,port!:i,
      scheme:s},initialDelaySeconds:i,periodSeconds:i,successThreshold:i,tcpSocket:{host:s,port!:i},
      timeoutSeconds:i},template!:@endpoints},status:*}
    $istio.AuthorizationPolicy = {spec:{action:e(ALLOW|DENY|AUDIT|CUSTOM),provider:{name:s},rules:[{from:[{source:{
      ipBlocks:[s],namespaces:[s],notIpBlocks:[s],notNamespaces:[s],notPrincipals:[s],notRemoteIpBlocks:[s],
      notRequestPrincipals:[s],notServiceAccounts:[s],notTrustDomains:[s],principals:[s],remoteIpBlocks:[s],
      requestPrincipals:[s],serviceAccounts:[s],trustDomains:[s]}}],to:[{operation:{hosts:[s],methods:[s],
      notHosts:[s],notMethods:[s],notPaths:[s],notPorts:[s],paths:[s],ports:[s]}}],when:[{key!:s,notValues:[s],
      values:[s]}]}],selector:{matchLabels:<s>},targetRef:{group:s,kind!:s,name!:s,namespace:s},targetRefs:[{
      group:s,kind!:s,name!:s,namespace:s}]},status:*}
    $istio.PeerAuthentication = {spec:{mtls:@mtls,portLevelMtls:<@mtls>,selector:{matchLabels:<s>}},status:*}
    $istio.RequestAuthentication = {spec:{jwtRules:[{audiences:[s],forwardOriginalToken:b,fromCookies:[s],
      fromHeaders:[{name!:s,prefix:s}],fromParams:[s],issuer:s,jwks:s,jwksUri:s,jwks_uri:s,outputClaimToHeaders:[{
      claim!:s,header!:s}],outputPayloadToHeader:s,presence:e(OPTIONAL|REQUIRED),spaceDelimitedClaims:[s],
      timeout:s}],selector:{matchLabels:<s>},targetRef:{group:s,kind!:s,name!:s,namespace:s},targetRefs:[{group:s,
      kind!:s,name!:s,namespace:s}]},status:*}
    $istio.OfOld = {spec:*,status:*}
    $istio.Telemetry = {spec:{accessLogging:[{disabled:b,filter:{expression:s},match:@match,providers:[{name!:s}]}],
      metrics:[{overrides:[{disabled:b,match:{customMetric:s,metric:e(ALL_METRICS|REQUEST_COUNT|REQUEST_DURATION|
      REQUEST_SIZE|RESPONSE_SIZE|TCP_OPENED_CONNECTIONS|TCP_CLOSED_CONNECTIONS|TCP_SENT_BYTES|TCP_RECEIVED_BYTES|
      GRPC_REQUEST_MESSAGES|GRPC_RESPONSE_MESSAGES),mode:e(CLIENT_AND_SERVER|CLIENT|SERVER)},tagOverrides:<{
      operation:e(UPSERT|REMOVE),value:s}>}],providers:[{name!:s}],reportingInterval:s}],selector:{matchLabels:<s>},
      targetRef:{group:s,kind!:s,name!:s,namespace:s},targetRefs:[{group:s,kind!:s,name!:s,namespace:s}],tracing:[{
      customTags:<{environment:{defaultValue:s,name!:s},formatter:{value!:s},header:{defaultValue:s,name!:s},
      literal:{value!:s}}>,disableContextPropagation:b,disableSpanReporting:b,enableIstioTags:b,match:@match,
      providers:[{name!:s}],randomSamplingPercentage:n,useRequestIdForTraceSampling:b}]},status:*}
    """#
}
