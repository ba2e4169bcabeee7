using VmUpdate.Core.Identity.Secrets;
using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Core.Identity;

/// <content>What cannot be written offline alone: what a generalized master's first start makes anew, and addresses set by hand.</content>
internal sealed partial class SetPlanner
{
    /// <summary>Why a set does not come through the first start of a generalized master.</summary>
    private string? FindSpecialized(IdentitySet set) => !Master.IsGeneralized ? null : set.Specialize switch
    {
        SpecializeRule.Lost => "The master is generalized: Windows makes new ones at its first start.",
        SpecializeRule.Join when HasJoinData() => "The machine joins the domain anew at its first start, with the join data given for it.",
        SpecializeRule.Join => "The master is generalized, so the machine must join its domain anew: give join data (djoin /provision) with -JoinDataPath.",
        _ => null,
    };

    private bool HasJoinData()
    {
        using SecretBuffer? data = _options.JoinData?.Invoke();
        return data is not null;
    }

    private void AddFirstBoot(IdentitySet set, List<Place> places)
    {
        if (!Master.IsGeneralized || set.Specialize != SpecializeRule.FirstBoot)
        {
            return;
        }

        foreach (Place place in places.Where(place => place.Kind == ManifestItemKind.Value))
        {
            RegistryKey key = RegistryPlaces.Find(_old, place.Item.Hive, place.Path).First().Key;
            _firstBoot.SetValue(set.Id, place.Item.Hive, place.Path, key.FindValue(place.Name)!);
        }
    }

    private SetDecision DecideRenameLater(IdentitySet set)
    {
        int count = 0;
        foreach (IdentityItem item in set.Items)
        {
            if (SuffixOn(_old, item) is { } carried)
            {
                _firstBoot.RenameSuffix(set.Id, item, carried);
                count++;
            }
        }

        return new SetDecision(set.Id, set.Verb, count > 0 ? SetOutcome.Carried : SetOutcome.Kept, set.Reason, count, 0);
    }

    private void AddGeneratedFiles()
    {
        if (_options.IsWayBack)
        {
            return;
        }

        string name = ComputerNameOf(_old);
        if (Master.IsGeneralized && name.Length > 0)
        {
            string timeZone = AnswerFile.TimeZoneOf(_old);
            AddGenerated("computer-name", AnswerFile.PathOn(_master).ToString(), isSecret: true, () =>
            {
                using SecretBuffer? join = _options.JoinData?.Invoke();
                return AnswerFile.Compose(_master, name, timeZone, join);
            });
            WarnOfFirstStart();
        }

        if (!_firstBoot.IsEmpty)
        {
            AddGenerated("vmupdate-agent", FirstBootManifest.Path.ToString(), isSecret: false, () => SecretBuffer.Take(_firstBoot.ToJson(name)));
            if (!RegistryPlaces.Find(_master, HiveName.System, FirstBootManifest.AgentServiceKey).Any())
            {
                _warnings.Add(
                    $"The master has no VmUpdate agent (service vmupdate-agent), which carries {FirstBootManifest.Path} out at the first start: "
                    + "install it in the master (Install-VmUpdateAgent), or do what the file says by other means.");
            }
        }
    }

    private void AddGenerated(string set, string path, bool isSecret, Func<SecretBuffer> content) => _steps.Add(
        new PlannedStep(set, ManifestAction.Write, ManifestItemKind.GeneratedFile, default, path, string.Empty, isSecret, 0) { Content = content });

    private void WarnOfFirstStart()
    {
        if (AnswerFile.FindOn(_master) is null)
        {
            _warnings.Add("The generalized master has no answer file of its own: its first start may wait for answers on the screen.");
        }

        if (_old.HasHive(HiveName.Security) && !HasJoinData()
            && _decisions.Any(decision => decision is { Set: "domain-trust", Outcome: SetOutcome.NotCarried }))
        {
            _warnings.Add("The machine will not be in its domain after its first start: the master is generalized, and no join data was given.");
        }
    }

    private static string ComputerNameOf(GuestDisk disk)
    {
        const string key = "CurrentControlSet\\Control\\ComputerName\\ComputerName";
        RegistryValue? value = RegistryPlaces.Find(disk, HiveName.System, key).Select(found => found.Key.FindValue("ComputerName")).FirstOrDefault();
        return value is null ? string.Empty : GuestDisk.TextOf(value);
    }

    /// <summary>A machine that shows a certificate to a network or a server finds that out only when it is refused there.</summary>
    private void WarnOfCertificates()
    {
        if (_options.IsWayBack || _carried.Contains("certificates"))
        {
            return;
        }

        var subjects = new List<string>();
        foreach ((_, RegistryKey key) in RegistryPlaces.Find(_old, HiveName.Software, "Microsoft\\SystemCertificates\\MY\\Certificates\\*"))
        {
            using CertificateBlob? certificate = CertificateBlob.Read(key);
            if (certificate is not null && certificate.AuthenticatesClient(_options.UtcNow()))
            {
                subjects.Add(certificate.Subject);
            }
        }

        if (subjects.Count > 0)
        {
            _warnings.Add(
                $"Certificates that the machine authenticates itself with are not carried ({string.Join("; ", subjects)}): 802.1X, VPN or an agent "
                + "may refuse it until it has new ones. -CarrySet certificates takes them along.");
        }
    }
}
