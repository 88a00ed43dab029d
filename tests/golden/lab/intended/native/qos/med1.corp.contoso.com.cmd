rem The Mediation Server marks the voice it sends. Run as administrator on one of: med1.corp.contoso.com
wmic /namespace:\\root\cimv2 path MSFT_SIPMediationServerConfigSetting set QoSEnabled=True
wmic /namespace:\\root\cimv2 path MSFT_SIPMediationServerConfigSetting get QoSEnabled
rem Then restart: Mediation Server service
