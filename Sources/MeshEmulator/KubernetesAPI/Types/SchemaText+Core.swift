extension SchemaText {
  /// The fields of Kubernetes' own kinds, from its OpenAPI description.
  static let core = #"""
    $addresses = {hostname:s,ip:s,nodeName:s,targetRef:@targetRef}~
    $targetRef = {apiVersion:s,fieldPath:s,kind:s,name:s,namespace:s,resourceVersion:s,uid:s}~
    $conditions = {lastTransitionTime:s,message:s,reason:s,status:s,type:s}
    $configSource = {configMap:{kubeletConfigKey:s,name:s,namespace:s,resourceVersion:s,uid:s}}
    $spec = {activeDeadlineSeconds:i,affinity:*,automountServiceAccountToken:b,containers:[@containers;name],
      dnsConfig:{nameservers:[s],options:[{name:s,value:s}],searches:[s]},dnsPolicy:s,enableServiceLinks:b,
      ephemeralContainers:[{args:[s],command:[s],env:[@env],envFrom:[@envFrom],image:s,imagePullPolicy:s,
      lifecycle:@lifecycle,livenessProbe:@livenessProbe,name:s,ports:[@ports],readinessProbe:@livenessProbe,
      resizePolicy:[{resourceName:s,restartPolicy:s}],resources:@resources,restartPolicy:s,
      securityContext:@securityContext,startupProbe:@livenessProbe,stdin:b,stdinOnce:b,targetContainerName:s,
      terminationMessagePath:s,terminationMessagePolicy:s,tty:b,volumeDevices:[{devicePath:s,name:s}],
      volumeMounts:[@volumeMounts],workingDir:s};name],hostAliases:[{hostnames:[s],ip:s};ip],hostIPC:b,
      hostNetwork:b,hostPID:b,hostUsers:b,hostname:s,imagePullSecrets:[{name:s}~;name],
      initContainers:[@containers;name],nodeName:s,nodeSelector:<s>,os:{name:s},overhead:<s>,preemptionPolicy:s,
      priority:i,priorityClassName:s,readinessGates:[{conditionType:s}],resourceClaims:[{name:s,resourceClaimName:s,
      resourceClaimTemplateName:s};name],resources:@resources,restartPolicy:s,runtimeClassName:s,schedulerName:s,
      schedulingGates:[{name:s};name],securityContext:{appArmorProfile:{localhostProfile:s,type:s},fsGroup:i,
      fsGroupChangePolicy:s,runAsGroup:i,runAsNonRoot:b,runAsUser:i,seLinuxChangePolicy:s,seLinuxOptions:{level:s,
      role:s,type:s,user:s},seccompProfile:{localhostProfile:s,type:s},supplementalGroups:[i],
      supplementalGroupsPolicy:s,sysctls:[{name:s,value:s}],windowsOptions:@windowsOptions},serviceAccount:s,
      serviceAccountName:s,setHostnameAsFQDN:b,shareProcessNamespace:b,subdomain:s,terminationGracePeriodSeconds:i,
      tolerations:[{effect:s,key:s,operator:s,tolerationSeconds:i,value:s}],topologySpreadConstraints:[{
      labelSelector:@labelSelector,matchLabelKeys:[s],maxSkew:i,minDomains:i,nodeAffinityPolicy:s,
      nodeTaintsPolicy:s,topologyKey:s,whenUnsatisfiable:s};topologyKey,whenUnsatisfiable],volumes:[{
      awsElasticBlockStore:*,azureDisk:*,azureFile:*,cephfs:*,cinder:*,configMap:{defaultMode:i,items:[{key:s,
      mode:i,path:s}],name:s,optional:b},csi:*,downwardAPI:*,emptyDir:{medium:s,sizeLimit:s},ephemeral:*,fc:*,
      flexVolume:*,flocker:*,gcePersistentDisk:*,gitRepo:*,glusterfs:*,hostPath:{path:s,type:s},image:*,iscsi:*,
      name:s,nfs:*,persistentVolumeClaim:{claimName:s,readOnly:b},photonPersistentDisk:*,portworxVolume:*,
      projected:{defaultMode:i,sources:[{clusterTrustBundle:{labelSelector:@labelSelector,name:s,optional:b,path:s,
      signerName:s},configMap:@configMap,downwardAPI:{items:[{fieldRef:{apiVersion:s,fieldPath:s}~,mode:i,path:s,
      resourceFieldRef:{containerName:s,divisor:s,resource:s}~}]},secret:@configMap,serviceAccountToken:{audience:s,
      expirationSeconds:i,path:s}}]},quobyte:*,rbd:*,scaleIO:*,secret:{defaultMode:i,items:[{key:s,mode:i,path:s}],
      optional:b,secretName:s},storageos:*,vsphereVolume:*};name]}
    $containers = {args:[s],command:[s],env:[@env;name],envFrom:[@envFrom],image:s,imagePullPolicy:s,
      lifecycle:@lifecycle,livenessProbe:@livenessProbe,name:s,ports:[@ports;containerPort,protocol],
      readinessProbe:@livenessProbe,resizePolicy:[{resourceName:s,restartPolicy:s}],resources:@resources,
      restartPolicy:s,securityContext:@securityContext,startupProbe:@livenessProbe,stdin:b,stdinOnce:b,
      terminationMessagePath:s,terminationMessagePolicy:s,tty:b,volumeDevices:[{devicePath:s,name:s};devicePath],
      volumeMounts:[@volumeMounts;mountPath],workingDir:s}
    $env = {name:s,value:s,valueFrom:{configMapKeyRef:{key:s,name:s,optional:b}~,fieldRef:{apiVersion:s,
      fieldPath:s}~,resourceFieldRef:{containerName:s,divisor:s,resource:s}~,secretKeyRef:{key:s,name:s,
      optional:b}~}}
    $envFrom = {configMapRef:{name:s,optional:b},prefix:s,secretRef:{name:s,optional:b}}
    $lifecycle = {postStart:@postStart,preStop:@postStart}
    $postStart = {exec:{command:[s]},httpGet:@httpGet,sleep:{seconds:i},tcpSocket:{host:s,port:x}}
    $httpGet = {host:s,httpHeaders:[{name:s,value:s}],path:s,port:x,scheme:s}
    $livenessProbe = {exec:{command:[s]},failureThreshold:i,grpc:{port:i,service:s},httpGet:@httpGet,
      initialDelaySeconds:i,periodSeconds:i,successThreshold:i,tcpSocket:{host:s,port:x},
      terminationGracePeriodSeconds:i,timeoutSeconds:i}
    $ports = {containerPort:i,hostIP:s,hostPort:i,name:s,protocol:s}
    $resources = {claims:[{name:s,request:s}],limits:<s>,requests:<s>}
    $securityContext = {allowPrivilegeEscalation:b,appArmorProfile:{localhostProfile:s,type:s},capabilities:{
      add:[s],drop:[s]},privileged:b,procMount:s,readOnlyRootFilesystem:b,runAsGroup:i,runAsNonRoot:b,runAsUser:i,
      seLinuxOptions:{level:s,role:s,type:s,user:s},seccompProfile:{localhostProfile:s,type:s},
      windowsOptions:@windowsOptions}
    $windowsOptions = {gmsaCredentialSpec:s,gmsaCredentialSpecName:s,hostProcess:b,runAsUserName:s}
    $volumeMounts = {mountPath:s,mountPropagation:s,name:s,readOnly:b,recursiveReadOnly:s,subPath:s,subPathExpr:s}
    $labelSelector = {matchExpressions:[{key:s,operator:s,values:[s]}],matchLabels:<s>}~
    $configMap = {items:[{key:s,mode:i,path:s}],name:s,optional:b}
    $containerStatuses = {allocatedResources:<s>,allocatedResourcesStatus:[{name:s,resources:[{health:s,
      resourceID:s}]}],containerID:s,image:s,imageID:s,lastState:@lastState,name:s,ready:b,resources:@resources,
      restartCount:i,started:b,state:@lastState,user:{linux:{gid:i,supplementalGroups:[i],uid:i}},volumeMounts:[{
      mountPath:s,name:s,readOnly:b,recursiveReadOnly:s}]}
    $lastState = {running:{startedAt:s},terminated:{containerID:s,exitCode:i,finishedAt:s,message:s,reason:s,
      signal:i,startedAt:s},waiting:{message:s,reason:s}}
    $template = {metadata:*,spec:@spec}
    $updateStrategy = {rollingUpdate:{maxSurge:x,maxUnavailable:x},type:s}
    $ConfigMap = {binaryData:<s>,data:<s>,immutable:b}
    $Endpoints = {subsets:[{addresses:[@addresses],notReadyAddresses:[@addresses],ports:[{appProtocol:s,name:s,
      port:i,protocol:s}]}]}
    $Namespace = {spec:{finalizers:[s]},status:{conditions:[@conditions;type],phase:s}}
    $Node = {spec:{configSource:@configSource,externalID:s,podCIDR:s,podCIDRs:[s;],providerID:s,taints:[{effect:s,
      key:s,timeAdded:s,value:s}],unschedulable:b},status:{addresses:[{address:s,type:s};type],allocatable:<s>,
      capacity:<s>,conditions:[{lastHeartbeatTime:s,lastTransitionTime:s,message:s,reason:s,status:s,type:s};type],
      config:{active:@configSource,assigned:@configSource,error:s,lastKnownGood:@configSource},daemonEndpoints:{
      kubeletEndpoint:{Port:i}},features:{supplementalGroupsPolicy:b},images:[{names:[s],sizeBytes:i}],nodeInfo:{
      architecture:s,bootID:s,containerRuntimeVersion:s,kernelVersion:s,kubeProxyVersion:s,kubeletVersion:s,
      machineID:s,operatingSystem:s,osImage:s,systemUUID:s},phase:s,runtimeHandlers:[{features:{
      recursiveReadOnlyMounts:b,userNamespaces:b},name:s}],volumesAttached:[{devicePath:s,name:s}],
      volumesInUse:[s]}}
    $Pod = {spec:@spec,status:{conditions:[{lastProbeTime:s,lastTransitionTime:s,message:s,reason:s,status:s,
      type:s};type],containerStatuses:[@containerStatuses],ephemeralContainerStatuses:[@containerStatuses],hostIP:s,
      hostIPs:[{ip:s}],initContainerStatuses:[@containerStatuses],message:s,nominatedNodeName:s,phase:s,podIP:s,
      podIPs:[{ip:s};ip],qosClass:s,reason:s,resize:s,resourceClaimStatuses:[{name:s,resourceClaimName:s}],
      startTime:s}}
    $Secret = {data:<s>,immutable:b,stringData:<s>,type:s}
    $ServiceAccount = {automountServiceAccountToken:b,imagePullSecrets:[{name:s}~],secrets:[@targetRef;name]}
    $Service = {spec:{allocateLoadBalancerNodePorts:b,clusterIP:s,clusterIPs:[s],externalIPs:[s],externalName:s,
      externalTrafficPolicy:s,healthCheckNodePort:i,internalTrafficPolicy:s,ipFamilies:[s],ipFamilyPolicy:s,
      loadBalancerClass:s,loadBalancerIP:s,loadBalancerSourceRanges:[s],ports:[{appProtocol:s,name:s,nodePort:i,
      port:i,protocol:s,targetPort:x};port,protocol],publishNotReadyAddresses:b,selector:<s>,sessionAffinity:s,
      sessionAffinityConfig:{clientIP:{timeoutSeconds:i}},trafficDistribution:s,type:s},status:{conditions:[{
      lastTransitionTime:s,message:s,observedGeneration:i,reason:s,status:s,type:s};type],loadBalancer:{ingress:[{
      hostname:s,ip:s,ipMode:s,ports:[{error:s,port:i,protocol:s}]}]}}}
    $DaemonSet = {spec:{minReadySeconds:i,revisionHistoryLimit:i,selector:@labelSelector,template:@template,
      updateStrategy:@updateStrategy},status:{collisionCount:i,conditions:[@conditions;type],
      currentNumberScheduled:i,desiredNumberScheduled:i,numberAvailable:i,numberMisscheduled:i,numberReady:i,
      numberUnavailable:i,observedGeneration:i,updatedNumberScheduled:i}}
    $Deployment = {spec:{minReadySeconds:i,paused:b,progressDeadlineSeconds:i,replicas:i,revisionHistoryLimit:i,
      selector:@labelSelector,strategy:@updateStrategy,template:@template},status:{availableReplicas:i,
      collisionCount:i,conditions:[{lastTransitionTime:s,lastUpdateTime:s,message:s,reason:s,status:s,type:s};type],
      observedGeneration:i,readyReplicas:i,replicas:i,unavailableReplicas:i,updatedReplicas:i}}
    $ReplicaSet = {spec:{minReadySeconds:i,replicas:i,selector:@labelSelector,template:@template},status:{
      availableReplicas:i,conditions:[@conditions;type],fullyLabeledReplicas:i,observedGeneration:i,readyReplicas:i,
      replicas:i}}
    $StatefulSet = {spec:{minReadySeconds:i,ordinals:{start:i},persistentVolumeClaimRetentionPolicy:{whenDeleted:s,
      whenScaled:s},podManagementPolicy:s,replicas:i,revisionHistoryLimit:i,selector:@labelSelector,serviceName:s,
      template:@template,updateStrategy:{rollingUpdate:{maxUnavailable:x,partition:i},type:s},
      volumeClaimTemplates:[*]},status:{availableReplicas:i,collisionCount:i,conditions:[@conditions;type],
      currentReplicas:i,currentRevision:s,observedGeneration:i,readyReplicas:i,replicas:i,updateRevision:s,
      updatedReplicas:i}}
    $EndpointSlice = {addressType:s,endpoints:[{addresses:[s],conditions:{ready:b,serving:b,terminating:b},
      deprecatedTopology:<s>,hints:{forZones:[{name:s}]},hostname:s,nodeName:s,targetRef:@targetRef,zone:s}],
      ports:[{appProtocol:s,name:s,port:i,protocol:s}]}
    $Event = {action:s,count:i,eventTime:s,firstTimestamp:s,involvedObject:@targetRef,lastTimestamp:s,message:s,
      reason:s,related:@targetRef,reportingComponent:s,reportingInstance:s,series:{count:i,lastObservedTime:s},
      source:{component:s,host:s},type:s}
    """#
}
